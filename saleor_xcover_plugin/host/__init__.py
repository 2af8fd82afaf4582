"""Adapter to Saleor, and the only package that imports it.

Reads Saleor's tables into plain values and writes few of them.
"""
