"""The only place that imports Saleor. Reads its tables into plain values, writes few of them."""
