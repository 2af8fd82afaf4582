"""Read whole numbers from untrusted text, and write numbers for people."""

from __future__ import annotations

LARGEST_INTEGER = 2**31 - 1
"""The largest four-byte integer, Saleor's type for the keys of products, variants and orders."""
LARGEST_KEY = 2**63 - 1
"""The largest eight-byte integer, the type of the plugin's own keys."""


def whole_number(text: str, most: int = LARGEST_KEY) -> int | None:
    """Return the number in a text of ASCII digits, or None for anything else or above ``most``.

    ``str.isdigit`` alone also accepts digits that ``int`` refuses, such as a superscript two, and
    texts of any length.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 policy``, ``2 policies``.

    ``many`` is the plural, if it is not ``one`` with an s.
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
