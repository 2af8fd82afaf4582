"""XCover ticket protection for Saleor. Importing this package must stay free of Django and Saleor."""
