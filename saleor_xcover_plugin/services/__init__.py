"""One verb per module. Time comes in as an argument; nothing is sent inside a transaction."""
