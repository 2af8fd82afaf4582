"""Saleor's global ids: base64 of ``Type:key``."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet


def global_id(kind: str, key: object) -> str:
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def find(rows: QuerySet[Any], kind: str, text: str, key: str = "pk") -> Any:
    """Return the row of a global id. Raise ValidationError ``not_found``."""
    row = find_or_none(rows, kind, text, key)
    if row is None:
        raise ValidationError({"id": ValidationError("Couldn't resolve to a node.", "not_found")})
    return row


def find_or_none(rows: QuerySet[Any], kind: str, text: str, key: str = "pk") -> Any | None:
    try:
        found, _, value = base64.b64decode(text, validate=True).decode().partition(":")
        return rows.filter(**{key: value}).first() if found == kind else None
    except (binascii.Error, ValueError, ValidationError):
        return None
