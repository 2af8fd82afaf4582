"""The payload of an offer request, built from a store's own template or function."""
