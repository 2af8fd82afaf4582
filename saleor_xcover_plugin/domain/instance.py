"""Whether a database is where it belongs: the store it is bound to, and the one that runs here."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

LONGEST_NAME = 200
"""Characters of a name that are compared and stored."""


class Standing(StrEnum):
    """How the store a database is bound to compares with the store this process runs as."""

    UNNAMED = "unnamed"
    """The environment names no store: nothing can be compared, and sending goes on."""
    UNBOUND = "unbound"
    """The environment names one, and the database is bound to none: sending goes on."""
    AT_HOME = "at_home"
    ELSEWHERE = "elsewhere"
    """The database belongs to another store: nothing is sent."""


def first_name(candidates: Iterable[object]) -> str:
    """Return the first name that is not empty, in the form names are compared in; else ''.

    Names are host names, addresses or words an operator chose: case, surrounding blanks and a
    slash at the end make no difference.
    """
    for candidate in candidates:
        name = str(candidate or "").strip().rstrip("/").lower()
        if name:
            return name[:LONGEST_NAME]
    return ""


def compare(bound_to: str, here: str) -> Standing:
    """Compare the name a database is bound to with the name of this process's store."""
    if not here:
        return Standing.UNNAMED
    if not bound_to:
        return Standing.UNBOUND
    return Standing.AT_HOME if bound_to == here else Standing.ELSEWHERE
