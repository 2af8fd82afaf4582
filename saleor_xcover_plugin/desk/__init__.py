"""The protection desk: pages and API that staff open from the Saleor dashboard."""
