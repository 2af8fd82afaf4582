"""Read the texts of an offer or of a product, field by field, including unknown fields."""

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
"""Fields that hold no words for the shopper."""

Points = tuple[Point, ...]
"""The points of one or several fields."""
T = TypeVar("T")

_NONE: Points = ()


class TextFields:
    """The texts of an offer or of a product.

    ``value`` is the object that holds them and ``place`` its path in the response. A text that
    cannot be read is returned as empty, and its path is added to ``unreadable`` or ``overlong``.
    """

    def __init__(self, place: str, value: Any) -> None:
        self.fields = dict(mapping(value))
        self.unreadable: list[str] = []
        """Paths of texts that cannot be read completely."""
        self.overlong: list[str] = []
        """Paths of texts that are too long."""
        self._place = place
        self._read = set(IDENTIFIERS)
        self._said: set[str] = set()
        if value and not self.fields and self._try("", lambda: points_of(value), _NONE):
            self.unreadable.append(place)  # words that are in no field

    def text(self, name: str) -> str:
        """Return a text, joined with its HTML variant."""
        markup = f"{name}_html"
        self._read |= {name, markup}
        plain, html = self.fields.get(name), self.fields.get(markup)
        return self._keep(self._try(name, lambda: whole_text(plain, html), ""))

    def points(self, name: str, *more: Any) -> Points:
        """Return the points of a field, and those of the values ``more`` that it does not hold."""
        self._read.add(name)
        found = self._try(name, lambda: points_of(self.fields.get(name)), _NONE)
        self._keep(*map(line_of, found))
        for one in more:
            found += self._unsaid(self._try(name, partial(points_of, one), _NONE))
        return found

    def rest(self) -> Points:
        """Return the points of all fields that were not read, because XCover may add fields.

        Texts that were read elsewhere are not repeated.
        """
        new = {name: item for name, item in self.fields.items() if name not in self._read}
        found: list[Point] = []
        for name, item in new.items():
            if not is_setting(item):
                found += self._unsaid(self._try(name, partial(_new_points, name, item), _NONE))
        return tuple(found)

    def text_from(self, name: str, value: Any) -> str:
        """Return a text from another place of the response, used for a missing one."""
        return self._try(name, lambda: text_of_points(points_of(value)), "")

    def take(self, name: str) -> Any:
        """Return a field as it is; ``rest`` then leaves it out."""
        self._read.add(name)
        return self.fields.get(name)

    def _unsaid(self, points: Iterable[Point]) -> Points:
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
