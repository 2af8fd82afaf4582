"""Saleor's ids as storefronts send them. They are capabilities, as in Saleor itself."""

from __future__ import annotations

import base64
import binascii
import uuid


def uuid_of(text: str, type_name: str) -> uuid.UUID | None:
    """Read a plain UUID or Saleor's global id (base64 of ``Type:uuid``); None for anything else."""
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    try:
        found, _, value = base64.b64decode(text, validate=True).decode().partition(":")
        return uuid.UUID(value) if found == type_name else None
    except (binascii.Error, ValueError):
        return None
