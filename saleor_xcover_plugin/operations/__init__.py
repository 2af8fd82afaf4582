"""Keep the plugin running: sweep, alarms, status, doctor, reconciliation and sales figures."""
