"""Offers in a checkout: request, show, answer, and keep the cover line in line with the answer."""
