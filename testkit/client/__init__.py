"""A GraphQL client of the store: what a storefront, its staff and a payment app send.

The flow tests and the demo drive any host with it, a real Saleor or the miniature.
"""
