"""Recognise texts that people can have typed: every character is seen, or is a plain space."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, but letters of Persian, Indic and other names change their form with them."""
_UNSEEN = (
    "Cc",  # control characters, such as NUL and line breaks
    "Cf",  # marks of format, such as those that turn the direction of writing
    "Cs",  # half of a character, which cannot be stored
    "Zl",  # line separators
    "Zp",  # paragraph separators
)
"""Categories of Unicode (https://www.unicode.org/reports/tr44/#General_Category_Values)."""


def is_typed(text: str) -> bool:
    """Return True if a text of one line holds nothing unseen: it can be stored, sent and shown."""
    return not any(
        unicodedata.category(character) in _UNSEEN and character not in _JOINERS
        for character in text
    )
