"""Alternatives to this plugin, as Saleor plugins for the benchmarks only."""
