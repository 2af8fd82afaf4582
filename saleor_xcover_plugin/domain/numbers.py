"""Whole numbers that somebody else wrote."""

from __future__ import annotations

LARGEST_INTEGER = 2**31 - 1
"""The largest number of four bytes, in which Saleor counts products, variants and orders."""
LARGEST_KEY = 2**63 - 1
"""The largest key of a database row."""


def whole_number(text: str, most: int = LARGEST_KEY) -> int | None:
    """Return the number a text of plain digits names, or None for anything else and above ``most``.

    ``str.isdigit`` also takes digits that ``int`` refuses, such as a superscript two, and any
    number of them.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None


# Numbers in sentences for people.


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 policy``, ``2 policies``.

    ``many`` is the plural where it is not ``one`` with an s.
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
