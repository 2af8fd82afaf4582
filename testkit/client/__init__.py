"""A GraphQL client of the store for shoppers, staff and a payment app.

The flow tests and the demo use it with any host: a real Saleor or the miniature.
"""
