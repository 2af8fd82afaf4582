"""Compare the store a database is bound to with the store that runs here."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

LONGEST_NAME = 200
"""Length to which names are cut, in characters."""


class Binding(StrEnum):
    """The result of comparing a database's store with the one this process runs as."""

    UNNAMED = "unnamed"
    """The environment names no store, so nothing can be compared. Messages are sent."""
    UNBOUND = "unbound"
    """The database is not bound to a store yet. Messages are sent."""
    AT_HOME = "at_home"
    """Both are the same store."""
    ELSEWHERE = "elsewhere"
    """The database belongs to another store. Nothing is sent."""


def first_name(candidates: Iterable[object]) -> str:
    """Return the first name that is not empty, normalized for comparison, or ''.

    Case, surrounding blanks and a slash at the end make no difference; ``LONGEST_NAME`` characters
    are kept.
    """
    for candidate in candidates:
        name = str(candidate or "").strip().rstrip("/").lower()
        if name:
            return name[:LONGEST_NAME]
    return ""


def compare(bound_to: str, here: str) -> Binding:
    """Compare the name a database is bound to with the name of this process's store."""
    if not here:
        return Binding.UNNAMED
    if not bound_to:
        return Binding.UNBOUND
    return Binding.AT_HOME if bound_to == here else Binding.ELSEWHERE
