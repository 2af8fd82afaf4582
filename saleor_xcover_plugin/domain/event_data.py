"""Read event data from a store's products with a small mapping language, one line per field.

::

    name  = product.name
    start = product.metadata.event_start, product.attribute.event-start
    city  = text:Berlin

Sources are tried in order; the first that is not empty wins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from .countries import ISO_3166, hint_for
from .event_times import EARLIEST, LATEST, is_local, read_moment, read_zone
from .tickets import Event, TicketFacts

FIELDS = (
    *("name", "start", "end", "venue", "city", "country", "timezone", "resale"),
    *("insurable", "refundable"),
)
"""The fields a mapping may define."""
REQUIRED_FIELDS = ("name", "start", "country")
"""The fields without which no event can be insured."""
_NAMED_SOURCES = ("product.name", "product.slug", "product.type", "variant.name", "variant.sku")
_KEYED_SOURCES = (
    "product.metadata.",
    "product.attribute.",
    "variant.metadata.",
    "variant.attribute.",
    "line.metadata.",
    "checkout.metadata.",
)

# The mapping of a new installation.
DEFAULT_MAPPING = """\
name = product.metadata.event_name, product.name
start = variant.metadata.event_start, product.metadata.event_start, product.attribute.event-start
end = variant.metadata.event_end, product.metadata.event_end, product.attribute.event-end
venue = product.metadata.event_venue, product.attribute.event-venue
city = product.metadata.event_city, product.attribute.event-city
country = product.metadata.event_country, product.attribute.event-country
timezone = product.metadata.event_timezone, text:UTC
resale = variant.metadata.is_resale, product.metadata.is_resale
"""

_ALWAYS_READ = {
    "insurable": "variant.metadata.xcover_insurable, product.metadata.xcover_insurable",
    "refundable": "variant.metadata.is_refundable, product.metadata.is_refundable",
}
"""Sources of fields that a mapping need not name."""


class MappingError(ValueError):
    """A mapping cannot be used. The text names the line and the reason, for staff."""


@dataclass(frozen=True, slots=True)
class EventMapping:
    """A parsed mapping: the sources of each event field, in the order they are tried."""

    sources: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> EventMapping:
        """Parse the text of a mapping.

        Raise ``MappingError`` for a line that cannot be read, an unknown field or source, a fixed
        text that every event would be refused for, or a required field without a source.
        """
        sources: dict[str, tuple[str, ...]] = {}
        for number, raw in enumerate(text.splitlines(), start=1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            name, equals, right = (part.strip() for part in line.partition("="))
            if not equals or name not in FIELDS:
                raise MappingError(f"line {number}: expected one of {', '.join(FIELDS)} = source")
            sources[name] = tuple(_source(part.strip(), number) for part in right.split(","))
            _require_readable(name, sources[name], number)
        for name, tried in _ALWAYS_READ.items():
            sources.setdefault(name, tuple(tried.split(", ")))
        missing = [name for name in REQUIRED_FIELDS if name not in sources]
        if missing:
            raise MappingError(f"no source given for {', '.join(missing)}")
        return cls(sources)

    @property
    def names(self) -> frozenset[str]:
        """All sources that are read."""
        return frozenset(source for tried in self.sources.values() for source in tried)

    def value(self, name: str, facts: TicketFacts) -> str:
        """Return the value of the first source of a field that is not empty, or ''."""
        for source in self.sources.get(name, ()):
            if source.startswith("text:"):
                return source.removeprefix("text:").strip()
            if found := facts.values.get(source, "").strip():
                return found
        return ""

    def has_start(self, facts: TicketFacts) -> bool:
        """Return True if the data holds a start, readable or not."""
        return bool(self.value("start", facts))

    def event(self, facts: TicketFacts) -> Event:
        """Build the event from the store's data.

        Its times are in the event's time zone if the store names one, otherwise they keep the
        offset they are written with. Raise ``EventDataError`` if fields are missing or wrong.
        """
        texts = {name: self.value(name, facts) for name in FIELDS}
        wrong = {name: "it is empty" for name in REQUIRED_FIELDS if not texts[name]}
        wrong = {**dict(_misread(texts)), **wrong}
        start, end = _times(texts, wrong, has_zone=not self._is_zone_a_fallback(facts))
        if wrong or start is None:
            raise EventDataError(wrong)
        return Event(
            name=texts["name"],
            starts_at=start,
            ends_at=end,
            venue=texts["venue"] or None,
            city=texts["city"] or None,
            country=texts["country"].upper(),
        )

    def is_resale(self, facts: TicketFacts) -> bool:
        """Return True if the tickets are resold.

        A value that is neither a yes nor a no is refused by ``event``.
        """
        return self.value("resale", facts).casefold() in _YES

    def is_insurable(self, facts: TicketFacts) -> bool:
        """Return False if the store says that the tickets are never insured.

        A value that is neither a yes nor a no counts as a no.
        """
        text = self.value("insurable", facts).casefold()
        return not text or text in _YES

    def is_refundable(self, facts: TicketFacts) -> bool:
        """Return True if the store says that it takes the tickets back.

        Raise ``EventDataError`` for a value that is neither a yes nor a no.
        """
        text = self.value("refundable", facts).casefold()
        if text and text not in _YES | _NO:
            raise EventDataError({"refundable": "it says neither yes nor no; write true or false"})
        return text in _YES

    @property
    def default_zone(self) -> str:
        """The time zone that the mapping itself names for events without one; may be empty."""
        return self.value("timezone", TicketFacts())

    def is_utc_by_default(self, facts: TicketFacts) -> bool:
        """Return True if a time without offset is read as UTC for lack of the event's time zone."""
        is_local_time = any(is_local(self.value(name, facts)) for name in ("start", "end"))
        return is_local_time and self._is_zone_a_fallback(facts) and bool(self.default_zone)

    def _is_zone_a_fallback(self, facts: TicketFacts) -> bool:
        """Return True if the event stores no time zone, and the mapping names UTC or none."""
        tried = self.sources.get("timezone", ())
        is_stored = any(facts.values.get(source, "").strip() for source in tried)
        return not is_stored and self.default_zone in _NO_PLACE


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of store data that are read, by name, or by the beginnings of names."""

    names: frozenset[str] = frozenset()

    def uses(self, prefix: str) -> bool:
        """Return True if any begins with ``prefix``; a caller may save a query otherwise."""
        return any(name.startswith(prefix) for name in self.names)


class EventDataError(ValueError):
    """Event fields are missing or cannot be read.

    ``problems`` describes the fault of each field, without its value.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems.items()))
        self.problems = problems

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are missing or wrong."""
        return tuple(self.problems)


_NO_TIME = (
    f"it names no time from {EARLIEST.year} to {LATEST.year - 1}; "
    "write 2027-03-05T20:00+01:00 or a date"
)
_NO_ZONE = "it has no offset and there is no time zone"
_LONGEST = 255
"""Longest name or place in characters; a longer text is in the wrong field."""
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters and line breaks. Names may hold spaces of any width and letter joiners."""
_NO_PLACE = frozenset(
    {"", "UTC", "GMT", "Etc/UTC", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu"}
)
"""Time zones in a mapping that say nothing about the place of an event."""
_YES = frozenset({"1", "true", "yes", "on", "ja", "oui", "نعم"})
_NO = frozenset({"0", "false", "no", "off", "nein", "non", "لا"})
"""An empty text is a no, too. The languages are those of the storefront element."""


def _misread(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each field with an unusable text, and the reason; ``_times`` checks the times."""
    for name in ("name", "venue", "city"):
        if len(texts[name]) > _LONGEST:
            yield name, f"it is longer than {_LONGEST} characters"
        elif _UNSENDABLE.search(texts[name]):
            yield name, "it holds a line break or another control character"
    country = texts["country"]
    if country and (not country.isascii() or country.upper() not in ISO_3166):
        yield "country", f"it is no code of a country; {hint_for(country)}"
    if texts["timezone"] and read_zone(texts["timezone"]) is None:
        yield "timezone", "it is no name of a time zone; write one such as Europe/Berlin"
    if texts["resale"] and texts["resale"].casefold() not in _YES | _NO:
        yield "resale", "it says neither yes nor no; write true or false"


def _times(
    texts: Mapping[str, str], wrong: dict[str, str], *, has_zone: bool
) -> tuple[datetime | None, datetime | None]:
    """Read start and end; add to ``wrong`` a time that cannot be read, or an end before the start.

    ``has_zone`` is True if the time zone is the event's own and no fallback.
    """
    zone = read_zone(texts["timezone"])
    start = read_moment(texts["start"], zone)
    # Without a time zone of the event's own, the end has the offset of the start, if any.
    zone_of_end = start.tzinfo if start and not has_zone else zone
    end = read_moment(texts["end"], zone_of_end, is_end=True)
    for name, moment in (("start", start), ("end", end)):
        is_unread = bool(texts[name]) and moment is None
        if is_unread and "timezone" not in wrong:
            has_no_zone = zone is None and is_local(texts[name])
            wrong[name] = _NO_ZONE if has_no_zone else _NO_TIME
    if start is not None and end is not None and end < start:
        wrong["end"] = "it is before the start"
    if not has_zone or zone is None:
        return start, end
    return start and start.astimezone(zone), end and end.astimezone(zone)


def _require_readable(name: str, tried: Collection[str], number: int) -> None:
    """Raise ``MappingError`` for a fixed text that every event would be refused for."""
    for text in (source.removeprefix("text:") for source in tried if source.startswith("text:")):
        texts = {**dict.fromkeys(FIELDS, ""), "timezone": "UTC", name: text.strip()}
        wrong = dict(_misread(texts))
        _times(texts, wrong, has_zone=True)
        for why in wrong.values():
            raise MappingError(f"line {number}: {name} cannot be {text.strip()[:40]!r}: {why}")


def _source(text: str, number: int) -> str:
    keyed = any(text.startswith(p) and len(text) > len(p) for p in _KEYED_SOURCES)
    if keyed or text in _NAMED_SOURCES or text.startswith("text:"):
        return text
    raise MappingError(
        f"line {number}: unknown source {text!r}; use {', '.join(_NAMED_SOURCES)}, "
        f"{', '.join(p + 'KEY' for p in _KEYED_SOURCES)} or text:VALUE"
    )
