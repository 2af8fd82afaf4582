"""Translate the values of closed lists, which GraphQL spells otherwise than our tables.

On the wire they are in upper case. Flows speak of them as tables, logs and commands do, so they are
turned around here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENUMS = ("answer", "claim", "code", "kind", "reasonCode", "rule", "sending", "status")
"""Names of fields and variables that are enums. ``choice`` is told as it is spelled."""


def from_wire(value: Any) -> Any:
    """Return an answer with the values of its enums in lower case; a missing one is empty."""
    if isinstance(value, list):
        return [from_wire(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _told(name, from_wire(each)) for name, each in value.items()}


def to_wire(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables with the values of enums in upper case."""
    return {
        name: value.upper() if name in _ENUMS and isinstance(value, str) else value
        for name, value in variables.items()
    }


def _told(name: str, value: Any) -> Any:
    if name == "reasonCode" and value is None:
        return ""
    return value.lower() if name in _ENUMS and isinstance(value, str) else value
