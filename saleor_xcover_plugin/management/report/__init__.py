"""Figures written down: as rows for people, spreadsheets and machines, and as a page with plots."""
