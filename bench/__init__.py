"""Benchmarks of the plugin against its alternatives; see ``python -m bench --help``."""
