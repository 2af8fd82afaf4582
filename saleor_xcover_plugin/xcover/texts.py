"""Read XCover's texts for shoppers completely, in whatever form they are sent.

A field that is documented as a text may hold a list, a number or nested objects. All of it becomes
points, each with a label and a text. A value that cannot be read completely raises an error,
because an offer must not be sold without a part of its terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .plain_text import plain_text
from .values import HIDDEN_TEXTS, ResponseModel

MAX_TEXT_LENGTH = 20_000
"""Longest text as sent, in characters. The longest recorded one has 403."""

MAX_OFFER_LENGTH = 100_000
"""Length of all texts of an offer as shown, in characters. A recorded offer has 1,432."""

MAX_POINTS = 500
"""Largest number of points in one field. Recorded responses have three."""

DEEPEST = 8
"""Largest depth of lists and objects in one field. Recorded responses have one level."""

_LABELS = ("label", "title", "name", "heading", "header")
_STRUCTURE = frozenset(
    (*_LABELS, "text", "description", "content", "body", "value", "items", "points", "list", "html")
)
"""Names for the parts of a point, which are no labels; any other name is a label."""

_TECHNICAL = frozenset(("id", "slug", "icon", "image", "type", "order", "locale"))
"""Names of values that hold no words, unless the value is a sentence."""

_FIELD = re.compile(r"[a-z][a-z0-9_]*")


class TextUnreadable(ValueError):
    """A value has a form whose words cannot be read with certainty."""


class TextTooLong(TextUnreadable):
    """A text is longer than ``MAX_TEXT_LENGTH``, or has too many points; terms are never cut."""


class Point(ResponseModel):
    """One item of a list of benefits, inclusions, exclusions or extras; the label may be empty."""

    label: str = ""
    text: str


def points_of(
    value: Any, *, label: str = "", is_html: bool = False, with_links: bool = True
) -> tuple[Point, ...]:
    """Return the points of a value of any form; None and placeholders such as "N/A" are no points.

    A missing text drops its label too, because a label alone may promise what the text would deny.
    ``label`` is put before each point; see ``plain_text`` for the other options. Raise
    ``TextUnreadable`` or ``TextTooLong``.
    """
    found = []
    for point in _Shape(is_html, with_links).points(value, label, 0):
        found.append(point)
        if len(found) > MAX_POINTS or len(point.label) + len(point.text) > MAX_TEXT_LENGTH:
            raise TextTooLong
    return tuple(found)


def text_of_points(points: Iterable[Point]) -> str:
    """Return points as one text, a line for each. Raise ``TextTooLong`` if it is too long."""
    text = "\n".join(map(line_of, points))
    if len(text) > MAX_TEXT_LENGTH:
        raise TextTooLong
    return text


def line_of(point: Point) -> str:
    """Return a point as one line: its label, a colon and its text."""
    return _joined(point.label, point.text)


def whole_text(plain: Any, markup: Any = None) -> str:
    """Join a text with its HTML variant without losing words of either.

    If both have the same words the variant is returned, because only it has link targets. Raise
    ``TextUnreadable`` or ``TextTooLong``.
    """
    text = text_of_points(points_of(plain))
    words = text_of_points(points_of(markup, is_html=True, with_links=False))
    full = text_of_points(points_of(markup, is_html=True))
    if any(spaced(text) in spaced(said) for said in (words, full)):
        return full or text
    if not full or (full == words and spaced(words) in spaced(text)):
        return text
    return f"{text}\n{full}"


def spaced(text: str) -> str:
    """Return a text with single blanks in place of all white space, for comparison."""
    return " ".join(text.split())


def is_setting(value: Any) -> bool:
    """Return True if the value of an unknown field cannot be a sentence."""
    if isinstance(value, str):
        return re.fullmatch(r"[!-~]*", value.strip()) is not None
    return value is None or isinstance(value, bool | int | float | Decimal)


def label_of_field(name: str) -> str:
    """Return the name of an unknown field as a label, or '' if it is a technical name."""
    return "" if _FIELD.fullmatch(name) else _plain(name)


def _joined(*parts: str) -> str:
    return ": ".join(filter(None, parts))


def _plain(value: Any, *, is_html: bool = False, with_links: bool = True) -> str:
    """Return a text or number as plain text, or '' for a placeholder. Raise ``TextTooLong``."""
    written = str(value) if not isinstance(value, str) else value
    if len(written) > MAX_TEXT_LENGTH:
        raise TextTooLong
    text = plain_text(written, is_html=is_html, with_links=with_links)
    return "" if text.lower() in HIDDEN_TEXTS else text


def _is_written(value: Any) -> bool:
    return isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)


class _Shape:
    """Reads the points of one field."""

    def __init__(self, is_html: bool, with_links: bool) -> None:
        self._is_html, self._with_links = is_html, with_links

    def points(self, value: Any, label: str, depth: int) -> Iterator[Point]:
        if value is None:
            return
        if _is_written(value):
            if text := _plain(value, is_html=self._is_html, with_links=self._with_links):
                yield Point(label=label, text=text)
        elif isinstance(value, bool):
            if label:  # it affirms or denies the label without words
                raise TextUnreadable
        elif depth >= DEEPEST:
            raise TextUnreadable
        elif isinstance(value, Mapping):
            yield from self._object(value, label, depth + 1)
        elif isinstance(value, list):
            for item in value:
                yield from self.points(item, label, depth + 1)
        else:
            raise TextUnreadable

    def _object(self, value: Mapping[str, Any], label: str, depth: int) -> Iterator[Point]:
        """Yield the points of an object: labels with texts, or one title with a description."""
        own = next((n for n in _LABELS if _is_written(value.get(n)) and _plain(value[n])), None)
        named = _plain(value[own], is_html=self._is_html) if own else ""
        is_alone = True
        for name, item in value.items():
            if name == own or _is_technical(name, item):
                continue
            inner = self if self._is_html else _Shape(name.endswith("_html"), self._with_links)
            for point in inner.points(item, _joined(label, named, _label(name)), depth):
                is_alone = False
                yield point
        if own and is_alone:
            yield Point(label=label, text=named)


def _is_technical(name: str, item: Any) -> bool:
    if name in _TECHNICAL:
        return is_setting(item)
    return isinstance(item, bool) and "_" in name and _FIELD.fullmatch(name) is not None


def _label(name: str) -> str:
    is_structure = name in _STRUCTURE | _TECHNICAL or ("_" in name and _FIELD.fullmatch(name))
    return "" if is_structure else _plain(name)
