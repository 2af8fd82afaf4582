"""Templates and sales by dice: sensible ones, odd ones and broken ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import yaml

from saleor_xcover_plugin.domain.tickets import Basket, Buyer, Event, TicketFacts, Tickets
from saleor_xcover_plugin.payload.formats import formats_of
from saleor_xcover_plugin.payload.names import Sale, find, known_names

KEYS = ("k", "seats", "first names", "é", "event.name", "from")
TEXTS = (
    *("", " ", "12", "12.50", "1e5", "true", "Nein", "A1, A2", "A1\nA2\nA3", '["x", "y"]', "[1"),
    *(
        "x" * 1001,
        "\ud800",
        "\x00",
        "\u0661",
        "NaN",
        "-0",
        "0" * 400,
        "9" * 30,
        '"',
        "{}",
        "\u2028",
    ),
)
FIELDS = ("name", "start_date", "price", "from", "each", "item", "when", "", "a.b", "x" * 60, "ü")
DAMAGES = ("", "&a ", "*a ", "!x ", "{", "[" * 50, "\t", "\x00", ": ", "- ")
CONDITIONS = ({"exists": True}, {"exists": False}, {"equals": "12"}, {"in": [1, "12"]})
CONSTANTS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 12.5, 10**14, "", "text", "event.name", "NO", "x" * 300),
)


def names(dice: Random) -> list[str]:
    """Return the names of values there are, with keys in place of KEY and SLUG."""
    return [
        name.replace("KEY", dice.choice(KEYS)).replace("SLUG", dice.choice(KEYS))
        for name in known_names()
    ]


@dataclass
class Templates:
    """Makes documents; the same dice make the same ones."""

    dice: Random
    oddness: float = 0.03
    """Share of the choices that are odd."""

    def document(self) -> Any:
        """Return the plain value of a template, sensible as a rule."""
        made: dict[str, Any] = {"context": self.fields(4)}
        if self.dice.random() < 0.3:
            made["customer"] = self.fields(1)
        if self.dice.random() < 0.3:
            made["partner"] = {"metadata": self.fields(2)}
        if self.dice.random() < 0.3:
            made["insured"] = {"each": "tickets", "item": self.fields(1)}
        return made if not self.is_odd() else self.dice.choice([[], None, {"use": "flat"}, 7, made])

    def text(self) -> str:
        """Return a document as JSON or YAML, damaged now and then."""
        document = self.document()
        if self.dice.random() < 0.5:
            text = json.dumps(document)
        else:
            text = yaml.safe_dump(document, allow_unicode=True)
        if not self.is_odd():
            return text
        place = self.dice.randrange(len(text) + 1)
        damage = self.dice.choice(
            ["", "&a ", "*a ", "!x ", "{", "[" * 50, "\t", "\x00", ": ", "- "]
        )
        return text[:place] + damage + text[place + self.dice.randrange(3) :]

    def is_odd(self) -> bool:
        return self.dice.random() < self.oddness

    def fields(self, levels: int) -> Any:
        return {
            self.dice.choice(FIELDS[:3] if not self.is_odd() else FIELDS) + str(number): self.node(
                levels - 1
            )
            for number in range(self.dice.randrange(4))
        }

    def node(self, levels: int) -> Any:
        if self.is_odd():
            return self.dice.choice(CONSTANTS)
        makes: list[Any] = [self.value, self.value, self.constant]
        if levels > 0:
            makes += [partial(make, levels) for make in (self.each, self.listed, self.object)]
        return self.dice.choice(makes)()

    def value(self) -> Any:
        name = self.dice.choice(names(self.dice))
        found = find(name)
        made: dict[str, Any] = {"from": name}
        if self.dice.random() < 0.6 and found is not None:
            made["format"] = self.dice.choice(formats_of(found.kind))
        if self.is_odd():
            made["format"] = self.dice.choice(["date", "text", "", 7, None])
        if self.dice.random() < 0.2:
            made["map"] = {self.dice.choice(TEXTS[:10]): self.constant() for _ in range(2)}
            made["map"] = {key: _single(value) for key, value in made["map"].items()}
        way = self.dice.random()
        if way < 0.3:
            made["default"] = self.dice.choice(CONSTANTS)
        elif way < 0.6:
            made["omit_if_missing"] = True
        return self.conditional(made)

    def constant(self) -> Any:
        return self.conditional({"constant": self.dice.choice(CONSTANTS)})

    def each(self, levels: int) -> Any:
        what = self.dice.choice(["events", "lines", "tickets"])
        return self.conditional({"each": what, "item": self.node(levels - 1)})

    def listed(self, levels: int) -> Any:
        return [self.node(levels - 1) for _ in range(self.dice.randrange(3))]

    def object(self, levels: int) -> Any:
        return self.conditional({"object": self.fields(levels)})

    def conditional(self, made: dict[str, Any]) -> Any:
        if self.dice.random() < 0.2:
            test = self.dice.choice(
                [{"exists": True}, {"exists": False}, {"equals": "12"}, {"in": [1, "12"]}]
            )
            made["when"] = {"from": self.dice.choice(names(self.dice)), **test}
        if self.is_odd():
            made[self.dice.choice(["when", "item", "map", "default", "odd"])] = self.dice.choice(
                CONSTANTS
            )
        return made


def _single(value: Any) -> Any:
    return value["constant"] if isinstance(value, dict) else value


def marker(name: str) -> str:
    """Return a text that is in a payload only if the value of this name was sent."""
    return f"~{name}~"


@dataclass
class Sales:
    """Makes sales; with markers, or with odd texts of a store."""

    dice: Random

    def marked(self) -> Sale:
        """Return a sale in which every text is the marker of its name."""
        buyer = Buyer(**{each.name: marker(f"buyer.{each.name}") for each in fields(Buyer)})
        event = Event(
            marker("event.name"),
            datetime(2027, 3, 5, 20, tzinfo=UTC),
            "GB",
            venue=marker("event.venue"),
            city=marker("event.city"),
        )
        values = {name: marker(name) for name in names(self.dice) if "." in name}
        values |= {f"line.metadata.{key}": f"{marker(f'line.metadata.{key}')}" for key in KEYS}
        line = Tickets(event, 1, Decimal("45.00"), "1", facts=TicketFacts(values))
        return Sale(Basket((line,), "GBP", "GB", "en", region=marker("customer.region")), buyer)

    def odd(self) -> Sale:
        """Return a sale as stores keep them: gaps, odd texts, several events."""
        lines = tuple(self._line() for _ in range(self.dice.randrange(1, 4)))
        buyer = Buyer(**{each.name: self._text() for each in fields(Buyer)})
        currency = self.dice.choice(["GBP", "JPY", "KWD", "XXX"])
        return Sale(Basket(lines, currency, "GB", "en", region=self._text()), buyer)

    def _line(self) -> Tickets:
        hours = self.dice.randrange(-14, 15)
        start = datetime(2027, 3, 5, 20, tzinfo=timezone(timedelta(hours=hours)))
        if self.dice.random() < 0.1:
            start = self.dice.choice(
                [datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, tzinfo=UTC)]
            )
        event = Event(self.dice.choice(["Concert", "Opera"]), start, "GB")
        price = self.dice.choice([Decimal("0.01"), Decimal("45.000"), Decimal("999999.999")])
        values = {name: self._text() for name in names(self.dice)}
        values |= {f"line.metadata.{key}": self._text() for key in KEYS}
        return Tickets(event, self.dice.randrange(1, 5), price, "1", facts=TicketFacts(values))

    def _text(self) -> str:
        return self.dice.choice(TEXTS)
