"""Write sales figures as table rows, CSV, JSON, and an HTML page with plots."""
