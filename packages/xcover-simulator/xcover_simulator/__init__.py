"""A local XCover: the Offers API for event tickets as far as public evidence goes.

It is an independent witness: nothing here imports the rest of the plugin, so a
mistake shared by client and test double cannot hide. What the vendor's pages and
recordings do not say is our choice and is marked "inferred" where it is made.
"""
