"""Where event data comes from: a small mapping language, one line per field.

::

    name  = product.name
    start = product.metadata.event_start, product.attribute.event-start
    city  = text:Berlin

Sources are tried in order; the first that is not empty wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .tickets import Event

FIELDS = ("name", "start", "end", "venue", "city", "country", "timezone", "resale")
REQUIRED_FIELDS = ("name", "start", "country")
_NAMED_SOURCES = ("product.name", "variant.name")
_KEYED_SOURCES = (
    "product.metadata.",
    "product.attribute.",
    "variant.metadata.",
    "variant.attribute.",
    "checkout.metadata.",
)

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


class MappingError(ValueError):
    """A line of the mapping cannot be understood; the text says which and why."""


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What the store holds about one checkout line, as plain texts by source name.

    Keys look like the sources of the mapping: ``product.name``, ``product.metadata.event_start``.
    """

    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventMapping:
    """The parsed mapping: for each event field the sources to try, in order."""

    sources: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> EventMapping:
        """Parse the configuration text. Raise ``MappingError`` naming the line that is wrong."""
        sources: dict[str, tuple[str, ...]] = {}
        for number, raw in enumerate(text.splitlines(), start=1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            name, equals, right = (part.strip() for part in line.partition("="))
            if not equals or name not in FIELDS:
                raise MappingError(f"line {number}: expected one of {', '.join(FIELDS)} = source")
            sources[name] = tuple(_source(part.strip(), number) for part in right.split(","))
        missing = [name for name in REQUIRED_FIELDS if name not in sources]
        if missing:
            raise MappingError(f"no source given for {', '.join(missing)}")
        return cls(sources)

    def uses(self, prefix: str) -> bool:
        """Whether any source starts with ``prefix`` (saves the host a query when none does)."""
        return any(source.startswith(prefix) for tried in self.sources.values() for source in tried)

    def value(self, name: str, facts: TicketFacts) -> str:
        """Return the first filled source of one field, or an empty text."""
        for source in self.sources.get(name, ()):
            if source.startswith("text:"):
                return source.removeprefix("text:")
            if found := facts.values.get(source, "").strip():
                return found
        return ""

    def has_start(self, facts: TicketFacts) -> bool:
        return bool(self.value("start", facts))

    def event(self, facts: TicketFacts) -> Event:
        """Build the event. Raise ``EventDataError`` naming the fields that are missing or wrong."""
        wrong = [name for name in REQUIRED_FIELDS if not self.value(name, facts)]
        zone = _zone(self.value("timezone", facts))
        times: dict[str, datetime | None] = {}
        for name in ("start", "end"):
            times[name] = _time(self.value(name, facts), zone)
            if self.value(name, facts) and times[name] is None:
                wrong.append(name)
        country = self.value("country", facts).upper()
        if country and (len(country) != 2 or not country.isalpha()):
            wrong.append("country")
        start, end = times["start"], times["end"]
        if start is not None and end is not None and end < start:
            wrong.append("end")
        if wrong or start is None:
            raise EventDataError(tuple(dict.fromkeys(wrong)))
        return Event(
            name=self.value("name", facts),
            starts_at=start,
            ends_at=end,
            venue=self.value("venue", facts) or None,
            city=self.value("city", facts) or None,
            country=country,
        )

    def is_resale(self, facts: TicketFacts) -> bool:
        return self.value("resale", facts).lower() in {"1", "true", "yes"}


class EventDataError(ValueError):
    """Event fields are missing or cannot be read; ``fields`` names them."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def _source(text: str, number: int) -> str:
    keyed = any(text.startswith(p) and len(text) > len(p) for p in _KEYED_SOURCES)
    if keyed or text in _NAMED_SOURCES or text.startswith("text:"):
        return text
    raise MappingError(
        f"line {number}: unknown source {text!r}; use {', '.join(_NAMED_SOURCES)}, "
        f"{', '.join(p + 'KEY' for p in _KEYED_SOURCES)} or text:VALUE"
    )


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _time(text: str, zone: ZoneInfo | None) -> datetime | None:
    """Read an ISO 8601 time; one without an offset is local time of the event's time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone) if zone else None
    return moment
