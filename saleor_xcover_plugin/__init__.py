"""XCover ticket protection for Saleor.

Importing this package itself requires neither Django nor Saleor.
"""
