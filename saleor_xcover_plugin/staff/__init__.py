"""Carry out decisions of staff about covers and events, and list covers and evidence for them."""
