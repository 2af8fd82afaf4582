"""Cursors of lists: the place of a row, opaque to clients as Relay wants it."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from ..domain.cases import CaseKind, Position
from ..domain.numbers import whole_number

_COVER, _CASE = "cover:", "case:"
_MAX_LENGTH = 128
"""Characters; the longest cursor given out has 92."""


def cursor_of(key: int) -> str:
    """Return the cursor of a cover with this primary key."""
    return _encoded(f"{_COVER}{key}")


def key_of(cursor: str) -> int | None:
    """Return the primary key in the cursor of a cover; None for any other text."""
    text = _decoded(cursor, _COVER)
    return None if text is None else whole_number(text)


def cursor_of_case(position: Position) -> str:
    """Return the cursor of a case."""
    since = position.since.astimezone(UTC).isoformat()
    return _encoded(f"{_CASE}{position.rank} {since} {position.kind} {position.key}")


def position_of(cursor: str) -> Position | None:
    """Return the position in the cursor of a case; None for any other text."""
    parts = (_decoded(cursor, _CASE) or "").split(" ")
    if len(parts) != len(Position.__dataclass_fields__):
        return None
    rank, since, kind, key = parts
    number = whole_number(key)
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        return None
    is_given_out = rank in ("0", "1") and kind in set(CaseKind) and moment.tzinfo == UTC
    if number is None or not is_given_out:
        return None
    return Position(int(rank), moment, kind, number)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(cursor: str, prefix: str) -> str | None:
    if len(cursor) > _MAX_LENGTH:
        return None
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text.removeprefix(prefix) if text.startswith(prefix) else None
