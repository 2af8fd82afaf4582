"""The texts of an offer or of a product, field by field, unknown fields included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from .texts import (
    Point,
    TextTooLong,
    TextUnreadable,
    is_setting,
    label_of_field,
    line_of,
    points_of,
    spaced,
    text_of_points,
    whole_text,
)
from .values import mapping

IDENTIFIERS = frozenset(("id", "slug", "locale", "schema_version", "product_config_id"))
"""What is known to hold no words."""

Points = tuple[Point, ...]
T = TypeVar("T")

_NONE: Points = ()


class TextFields:
    """The texts of an offer or of a product: what was read of them, and what could not be."""

    def __init__(self, place: str, value: Any) -> None:
        self.fields = dict(mapping(value))
        self.unreadable: list[str] = []
        self.overlong: list[str] = []
        self._place = place
        self._read = set(IDENTIFIERS)
        self._said: set[str] = set()
        if value and not self.fields and self._try("", lambda: points_of(value), _NONE):
            self.unreadable.append(place)  # words that belong nowhere

    def text(self, name: str) -> str:
        """Read a text with its variant in HTML."""
        markup = f"{name}_html"
        self._read |= {name, markup}
        plain, html = self.fields.get(name), self.fields.get(markup)
        return self._keep(self._try(name, lambda: whole_text(plain, html), ""))

    def points(self, name: str, *more: Any) -> Points:
        """Read bullets; of ``more`` only what they do not say already."""
        self._read.add(name)
        found = self._try(name, lambda: points_of(self.fields.get(name)), _NONE)
        self._keep(*map(line_of, found))
        for one in more:
            found += self._news(self._try(name, partial(points_of, one), _NONE))
        return found

    def rest(self) -> Points:
        """Read the fields nobody asked for: XCover may say something new at any time."""
        new = {name: item for name, item in self.fields.items() if name not in self._read}
        found: list[Point] = []
        for name, item in new.items():
            if not is_setting(item):
                found += self._news(self._try(name, partial(_new_points, name, item), _NONE))
        return tuple(found)

    def text_from(self, name: str, value: Any) -> str:
        """Read a text from elsewhere in place of a missing one."""
        return self._try(name, lambda: text_of_points(points_of(value)), "")

    def take(self, name: str) -> Any:
        """Return a field that is read elsewhere."""
        self._read.add(name)
        return self.fields.get(name)

    def _news(self, points: Iterable[Point]) -> Points:
        found = []
        for point in points:
            if spaced(line_of(point)) not in self._said:
                self._keep(line_of(point))
                found.append(point)
        return tuple(found)

    def _keep(self, *texts: str) -> str:
        self._said.update(map(spaced, texts))
        return "".join(texts[:1])

    def _try(self, name: str, read: Callable[[], T], nothing: T) -> T:
        place = f"{self._place}.{name}" if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) else ""
        try:
            return read()
        except TextTooLong:
            self.overlong.append(place or self._place)
        except TextUnreadable:
            self.unreadable.append(place or self._place)
        return nothing


def _new_points(name: str, item: Any) -> Points:
    return points_of(item, label=label_of_field(name), is_html=name.endswith("_html"))
