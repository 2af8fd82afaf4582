"""The values of a sale that a template may name, and what each name stands for.

A name belongs to a level: the sale, one of its events, a line, or a single ticket. Where it is
used above its level, it has a value only if all parts below agree: ``event.name`` beside
``each: events`` is the name of the only event.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import cached_property

from ..domain.tickets import Basket, Buyer, Event, Tickets

Value = str | int | Decimal | bool | datetime | None


class Level(IntEnum):
    """The parts of a sale, from wide to narrow."""

    SALE = 0
    EVENT = 1
    LINE = 2
    TICKET = 3


class Kind(StrEnum):
    """Types of values."""

    TEXT = "text"
    AMOUNT = "amount"
    WHOLE = "whole number"
    FLAG = "flag"
    MOMENT = "moment"


MAX_READS = 100_000
"""Most values that are read for one payload; a thousand take some milliseconds."""


class TooManyReads(Exception):
    """A template reads more values than it may, such as all tickets again and again."""


class Gap(Exception):
    """A name has no value here. The text says why, without any value."""


@dataclass(frozen=True)
class Sale:
    """Everything a template may name: what is sold, and to whom."""

    basket: Basket
    buyer: Buyer
    order_number: str = ""
    """Empty before there is an order."""

    @cached_property
    def _parts(self) -> dict[tuple[int, str], list[str]]:
        return {}

    @cached_property
    def _values(self) -> dict[tuple[object, ...], Value | Gap]:
        return {}

    @cached_property
    def _reads(self) -> Counter[str]:
        return Counter()

    def value(self, name: Name, place: Place) -> Value:
        """Return the value of a name at a place, which is found out once.

        Raise ``Gap`` if there is none, and ``TooManyReads`` after ``MAX_READS`` values.
        """
        known = name.text, *place.key
        if known not in self._values:
            try:
                self._values[known] = name.found(place)
            except Gap as gap:
                self._values[known] = gap
        found = self._values[known]
        if isinstance(found, Gap):
            raise found.with_traceback(None)
        return found

    def count_reads(self, count: int) -> None:
        """Count values that are read. Raise ``TooManyReads`` after ``MAX_READS``."""
        self._reads["values"] += count
        if self._reads["values"] > MAX_READS:
            raise TooManyReads

    def parts(self, line: Tickets, source: str) -> list[str]:
        """Return the parts of a text about a line, one per ticket; empty if their number differs.

        It is split once for all tickets.
        """
        known = id(line), source
        if known not in self._parts:
            found = parts_of(line.facts.values.get(source, ""), most=line.count)
            self._parts[known] = found if len(found) == line.count else []
        return self._parts[known]

    @cached_property
    def by_event(self) -> Mapping[Event, tuple[Tickets, ...]]:
        """The ticket lines of each event, in the order of the basket."""
        found: dict[Event, tuple[Tickets, ...]] = {}
        for line in self.basket.tickets:
            found[line.event] = (*found.get(line.event, ()), line)
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """The part of a sale at which a template is filled in."""

    sale: Sale
    level: Level
    lines: tuple[Tickets, ...]
    ticket: int | None = None
    """The number of the ticket in its line, from 0; only at the level of tickets."""

    @property
    def key(self) -> tuple[int, int, int | None]:
        """Tell the place apart from the others of its sale, by level, first line and ticket."""
        first = id(self.lines[0]) if self.lines and self.level != Level.SALE else 0
        return self.level, first, self.ticket

    @classmethod
    def of(cls, sale: Sale) -> Place:
        """Return the place of the whole sale."""
        return cls(sale, Level.SALE, sale.basket.tickets)

    def at(self, level: Level) -> Iterator[Place]:
        """Yield the one part at a wider level that this place is in, or its parts at a narrower."""
        if level == self.level:
            yield self
        elif level < self.level:
            yield self._wider(level)
        elif level == Level.EVENT:
            for lines in self.sale.by_event.values():
                yield Place(self.sale, level, lines)
        elif level == Level.LINE:
            for line in self.lines:
                yield Place(self.sale, level, (line,))
        else:
            for line in self.lines:
                for number in range(line.count):
                    yield Place(self.sale, level, (line,), number)

    def _wider(self, level: Level) -> Place:
        if level == Level.SALE:
            return Place.of(self.sale)
        if level == Level.EVENT:
            return Place(self.sale, level, self.sale.by_event[self.lines[0].event])
        return Place(self.sale, level, self.lines)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is used in a template."""

    text: str
    level: Level
    kind: Kind
    read: Callable[[Place], Value] = field(repr=False, compare=False)
    """Returns the value at a place of this name's level, None if there is none."""
    why_missing: str = "it is empty"

    @property
    def is_personal(self) -> bool:
        """True if the value may say something about a person."""
        return self.text.startswith(_PERSONAL)

    def value(self, place: Place) -> Value:
        """Return the value at a place of any level. Raise ``Gap`` if there is none."""
        return place.sale.value(self, place)

    def found(self, place: Place) -> Value:
        """Find the value at a place out. Raise ``Gap`` if there is none."""
        parts = list(place.at(self.level))
        place.sale.count_reads(len(parts))
        values = [self.read(part) for part in parts]
        if any(value != values[0] for value in values[1:]):
            raise Gap(f"it is not the same for all {_PLURAL[self.level]} here")
        value = values[0] if values else None
        if value is None or (isinstance(value, str) and not value.strip()):
            raise Gap(self.why_missing)
        return value


_PLURAL = {
    Level.SALE: "sales",
    Level.EVENT: "events",
    Level.LINE: "lines",
    Level.TICKET: "tickets",
}
_PERSONAL = (
    "buyer.",
    "customer.region",
    "checkout.metadata.",
    "line.metadata.",
    "ticket.metadata.",
)


def find(text: str) -> Name | None:
    """Return what a name stands for; None if there is no such name."""
    if text in _NAMES:
        return _NAMES[text]
    for prefix, level in _KEYED.items():
        if text.startswith(prefix) and len(text) > len(prefix):
            return _keyed(text, prefix, level)
    return None


def known_names() -> list[str]:
    """Return all names, those with a key of the store's own as ``line.metadata.KEY``."""
    keyed = (f"{prefix}{'SLUG' if 'attribute' in prefix else 'KEY'}" for prefix in _KEYED)
    return sorted([*_NAMES, *keyed])


def _keyed(text: str, prefix: str, level: Level) -> Name:
    if level == Level.TICKET:
        key = "line.metadata." + text.removeprefix(prefix)
        return Name(
            text,
            level,
            Kind.TEXT,
            lambda place: _own_part(place, key),
            f"{key} is empty, or names another number of tickets than are in the line",
        )
    return Name(text, level, Kind.TEXT, lambda place: place.lines[0].facts.values.get(text, ""))


def _own_part(place: Place, key: str) -> str:
    """Return a ticket's part of a text about all tickets of a line, '' if they do not match."""
    parts = place.sale.parts(place.lines[0], key)
    return parts[place.ticket or 0] if parts else ""


MAX_PARTS_TEXT = 8_000
"""Longest text in characters that is split; shoppers write it, and a hook reads it."""


def parts_of(text: str, *, most: int) -> list[str]:
    """Split a text at commas and line breaks, or return the items of a JSON list.

    A text that is too long, or has more than ``most`` parts, has none.
    """
    if len(text) > MAX_PARTS_TEXT:
        return []
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return []
        # An item that is no text would give its place to the next ticket's.
        parts = [str(item) for item in found] if all(map(_is_text, found)) else []
    else:
        parts = text.replace("\n", ",").split(",", most) if text.strip() else []
    return [part.strip() for part in parts] if len(parts) <= most else []


def _is_text(item: object) -> bool:
    return isinstance(item, str | int) and not isinstance(item, bool)


def _sum(lines: tuple[Tickets, ...]) -> Decimal:
    return sum((line.unit_price * line.count for line in lines), Decimal(0))


def _count(lines: tuple[Tickets, ...]) -> int:
    return sum(line.count for line in lines)


def _named() -> Iterator[Name]:
    sale, event, line, ticket = Level.SALE, Level.EVENT, Level.LINE, Level.TICKET
    text, amount, whole, flag, moment = (
        Kind.TEXT,
        Kind.AMOUNT,
        Kind.WHOLE,
        Kind.FLAG,
        Kind.MOMENT,
    )
    yield Name("customer.language", sale, text, lambda at: at.sale.basket.language)
    yield Name("customer.currency", sale, text, lambda at: at.sale.basket.currency)
    yield Name("customer.country", sale, text, lambda at: at.sale.basket.country)
    yield Name("customer.region", sale, text, lambda at: at.sale.basket.region)
    for detail in sorted(each.name for each in fields(Buyer)):
        yield Name(f"buyer.{detail}", sale, text, _detail(detail))
    yield Name("order.number", sale, text, lambda at: at.sale.order_number)
    yield Name("sale.event_count", sale, whole, lambda at: len(at.sale.by_event))
    yield Name("sale.ticket_count", sale, whole, lambda at: _count(at.lines))
    yield Name("sale.ticket_total", sale, amount, lambda at: _sum(at.lines))
    yield Name("sale.first_start", sale, moment, lambda at: _start(at, min))
    yield Name("sale.last_start", sale, moment, lambda at: _start(at, max))
    yield Name("event.name", event, text, lambda at: at.lines[0].event.name)
    yield Name("event.start", event, moment, lambda at: at.lines[0].event.starts_at)
    yield Name("event.end", event, moment, lambda at: at.lines[0].event.ends_at)
    yield Name("event.venue", event, text, lambda at: at.lines[0].event.venue)
    yield Name("event.city", event, text, lambda at: at.lines[0].event.city)
    yield Name("event.country", event, text, lambda at: at.lines[0].event.country)
    yield Name("event.ticket_count", event, whole, lambda at: _count(at.lines))
    yield Name("event.ticket_total", event, amount, lambda at: _sum(at.lines))
    yield Name("line.quantity", line, whole, lambda at: at.lines[0].count)
    yield Name("line.unit_price", line, amount, lambda at: at.lines[0].unit_price)
    yield Name("line.total", line, amount, lambda at: _sum(at.lines))
    yield Name("line.is_resale", line, flag, lambda at: at.lines[0].is_resale)
    for source in ("product.name", "product.slug", "product.type", "variant.name", "variant.sku"):
        yield Name(source, line, text, _fact(source))
    yield Name("ticket.number", ticket, whole, lambda at: (at.ticket or 0) + 1)
    yield Name("ticket.price", ticket, amount, lambda at: at.lines[0].unit_price)
    yield Name("ticket.is_resale", ticket, flag, lambda at: at.lines[0].is_resale)


def _detail(name: str) -> Callable[[Place], Value]:
    return lambda at: str(getattr(at.sale.buyer, name))


def _fact(source: str) -> Callable[[Place], Value]:
    return lambda at: at.lines[0].facts.values.get(source, "")


def _start(at: Place, choose: Callable[[list[datetime]], datetime]) -> datetime:
    return choose([line.event.starts_at for line in at.lines])


_KEYED = {
    "checkout.metadata.": Level.SALE,
    "product.metadata.": Level.LINE,
    "product.attribute.": Level.LINE,
    "variant.metadata.": Level.LINE,
    "variant.attribute.": Level.LINE,
    "line.metadata.": Level.LINE,
    "ticket.metadata.": Level.TICKET,
}
_NAMES = {name.text: name for name in _named()}

AFTER_SALE = (
    "customer.",
    "buyer.",
    "order.",
    "line.quantity",
    "line.metadata.",
    "ticket.number",
    "ticket.metadata.",
    "sale.ticket_count",
)
"""Beginnings of the names that still have a value when the order is paid."""

IN_BASKET = (
    "customer.",
    "event.",
    "sale.",
    "line.quantity",
    "line.unit_price",
    "line.total",
    "line.is_resale",
    "ticket.number",
    "ticket.price",
    "ticket.is_resale",
)
"""Beginnings of the names whose values ``domain.eligibility.fingerprint`` covers."""
