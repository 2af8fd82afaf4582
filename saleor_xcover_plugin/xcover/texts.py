"""What XCover says to a shopper, in whatever shape it comes: every word is read, or none is.

A field that is documented as a text may hold a list, a number or objects within objects. All of it
becomes points, each a label and a text. What cannot be read completely raises, because an offer
must not be sold without a part of its terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .plain_text import plain_text
from .values import HIDDEN_TEXTS, AnswerModel

MAX_TEXT_LENGTH = 20_000
"""Characters of one text, as sent. The longest recorded one has 105, in older answers 403."""

MAX_OFFER_AGE = 100_000
"""Characters of all texts of an offer, as shown. A recorded ``content`` has 1,432 in all."""

MAX_POINTS = 500
"""Points of one field; recorded answers have three."""

DEEPEST = 8
"""Levels of lists and objects in one field; recorded answers have one."""

_LABELS = ("label", "title", "name", "heading", "header")
_STRUCTURE = frozenset(
    (*_LABELS, "text", "description", "content", "body", "value", "items", "points", "list", "html")
)
"""Names of a point's parts in XCover's answers and their like; any other name is a label."""

_TECHNICAL = frozenset(("id", "slug", "icon", "image", "type", "order", "locale"))
"""What these name is for machines, unless it is a sentence."""

_FIELD = re.compile(r"[a-z][a-z0-9_]*")


class TextUnreadable(ValueError):
    """Something of a text has a shape of which the words are not certain."""


class TextTooLong(TextUnreadable):
    """A text is longer than any insurer's should be. It is not cut: terms are whole."""


class Point(AnswerModel):
    """One bullet of benefits, inclusions, exclusions or extras; ``label`` may be empty."""

    label: str = ""
    text: str


def points_of(
    value: Any, *, label: str = "", is_html: bool = False, with_links: bool = True
) -> tuple[Point, ...]:
    """Read the points of a value of any shape; none and placeholders such as "N/A" are no points.

    A text that is missing or a placeholder drops its label too: a label alone may promise what the
    text would have denied. Raise ``TextUnreadable`` or ``TextTooLong``.
    """
    found = []
    for point in _Shape(is_html, with_links).points(value, label, 0):
        found.append(point)
        if len(found) > MAX_POINTS or len(point.label) + len(point.text) > MAX_TEXT_LENGTH:
            raise TextTooLong
    return tuple(found)


def text_of_points(points: Iterable[Point]) -> str:
    """Write points as one text, a line for each. Raise ``TextTooLong``."""
    text = "\n".join(map(line_of, points))
    if len(text) > MAX_TEXT_LENGTH:
        raise TextTooLong
    return text


def line_of(point: Point) -> str:
    return _joined(point.label, point.text)


def whole_text(plain: Any, markup: Any = None) -> str:
    """Join a text with its HTML variant so that nothing either of them says is lost.

    Where both have the same words the variant counts, because only it can name link targets.
    Raise ``TextUnreadable`` or ``TextTooLong``.
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
    return " ".join(text.split())


def is_setting(value: Any) -> bool:
    """Whether a value of a field we do not know is for machines: no sentence has this shape."""
    if isinstance(value, str):
        return re.fullmatch(r"[!-~]*", value.strip()) is not None
    return value is None or isinstance(value, bool | int | float | Decimal)


def label_of_field(name: str) -> str:
    """Return the label in the name of a field we do not know: none, unless it is written as one."""
    return "" if _FIELD.fullmatch(name) else _plain(name)


def _joined(*parts: str) -> str:
    return ": ".join(filter(None, parts))


def _plain(value: Any, *, is_html: bool = False, with_links: bool = True) -> str:
    """Return a text or a number as plain text; a placeholder is none."""
    written = str(value) if not isinstance(value, str) else value
    if len(written) > MAX_TEXT_LENGTH:
        raise TextTooLong
    text = plain_text(written, is_html=is_html, with_links=with_links)
    return "" if text.lower() in HIDDEN_TEXTS else text


def _is_written(value: Any) -> bool:
    return isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)


class _Shape:
    """Walks through one field."""

    def __init__(self, is_html: bool, with_links: bool) -> None:
        self._is_html, self._with_links = is_html, with_links

    def points(self, value: Any, label: str, depth: int) -> Iterator[Point]:
        if value is None:
            return
        if _is_written(value):
            if text := _plain(value, is_html=self._is_html, with_links=self._with_links):
                yield Point(label=label, text=text)
        elif isinstance(value, bool):
            if label:  # yes or no to what the label says, in no words
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
        """Read an object of labels and texts, or one point: a title with its description."""
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
