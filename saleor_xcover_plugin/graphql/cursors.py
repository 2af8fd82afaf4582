"""Cursors of lists: the key of a row, opaque to clients as Relay wants it."""

from __future__ import annotations

import base64
import binascii

from ..domain.numbers import whole_number

_PREFIX = "cover:"
_MAX_LENGTH = 64
"""Characters; the longest cursor given out has 36."""


def cursor_of(key: int) -> str:
    """Return the cursor of a row with this primary key."""
    return base64.b64encode(f"{_PREFIX}{key}".encode()).decode()


def key_of(cursor: str) -> int | None:
    """Return the primary key in a cursor; None for what was not given out as one."""
    if len(cursor) > _MAX_LENGTH:
        return None
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return whole_number(text.removeprefix(_PREFIX)) if text.startswith(_PREFIX) else None
