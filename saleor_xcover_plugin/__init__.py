"""XCover ticket protection for Saleor. Importing this must need neither Django nor Saleor."""
