"""Group the tickets of a product by performance.

A series of performances is one product whose variants are the tickets of each performance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ..checkout.ticketed_events import changes_of
from ..domain.event_data import EventDataError
from ..domain.event_times import read_moment, stored_moment
from ..domain.numbers import whole_number
from ..host import listings
from ..host.tickets import Ticket, tickets_of
from ..models import Cover
from ..outbox import accounts

_NAMED_STARTS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class Performance:
    """One performance of an event, with the tickets sold for it."""

    tickets: tuple[Ticket, ...]
    starts_at: datetime | None
    """Start in local time, with the offset of its place; None if it is unknown."""
    is_cancelled: bool
    """True if staff recorded that the organiser cancelled it."""
    beside: tuple[Ticket, ...] = ()
    """Tickets with the same start that staff left out by naming others."""

    @property
    def variants(self) -> list[str]:
        """Return the ids of the product variants of its tickets."""
        return [ticket.key for ticket in self.tickets]

    @property
    def name(self) -> str:
        """Return the name of the product."""
        return self.tickets[0].product

    @property
    def label(self) -> str:
        """Return a name for staff: event, start and the names of its tickets."""
        start = self.starts_at.isoformat(" ", "minutes") if self.starts_at else "start unknown"
        called = ", ".join(ticket.label for ticket in self.tickets)
        cancelled = ", cancelled" if self.is_cancelled else ""
        return f"{self.name}, {start} ({called}{cancelled})"

    def of(self, is_meant: Callable[[Ticket], bool]) -> Performance | None:
        """Return the performance with only the tickets that ``is_meant`` selects, or None."""
        meant = tuple(ticket for ticket in self.tickets if is_meant(ticket))
        beside = tuple(ticket for ticket in self.tickets if ticket not in meant)
        return replace(self, tickets=meant, beside=beside) if meant else None

    def starts(self, word: str) -> bool:
        """Return True if it starts at the time or on the day that ``word`` names.

        Formats are ISO 8601 with an offset, 2026-12-31T20:00 and 2026-12-31. The last two are local
        to the event.
        """
        if self.starts_at is None:
            return False
        moment = read_moment(word, None)
        return moment == self.starts_at or any(
            word == f"{self.starts_at:{form}}" for form in _NAMED_STARTS
        )


def performances_of(named: str, now: datetime) -> list[Performance]:
    """Return the performances of the product that staff named, the earliest first.

    Empty if there is no such product.
    """
    return performances_of_tickets(tickets_of(named, now))


def performances_of_tickets(tickets: Sequence[Ticket]) -> list[Performance]:
    """Return the performances of these tickets, the earliest first.

    Cancellations and moves that staff recorded are taken into account.
    """
    changes = changes_of([ticket.key for ticket in tickets])
    starts = _known_starts(tickets)
    groups: dict[tuple[datetime | None, bool], list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        is_cancelled = ticket.key in changes and changes[ticket.key] is None
        quoted, moved_to = starts.get(ticket.key), changes.get(ticket.key)
        # Moves are stored in UTC; staff name a performance by its local time.
        start = moved_to.astimezone(quoted.tzinfo) if moved_to and quoted else moved_to or quoted
        groups[start, is_cancelled].append(ticket)
    found = [
        Performance(tuple(group), start, is_cancelled)
        for (start, is_cancelled), group in groups.items()
    ]
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: (one.starts_at or latest, one.variants))


def called(performances: Sequence[Performance], word: str) -> list[Performance]:
    """Return the performances that a word of staff names: a SKU, else a variant's id, else a start.

    A SKU or an id selects that variant alone; a start selects all tickets with that start.
    """
    for is_meant in (lambda ticket: ticket.sku == word, lambda ticket: ticket.key == word):
        if found := [meant for one in performances if (meant := one.of(is_meant))]:
            return found
    return [one for one in performances if one.starts(word)]


def beside(chosen: Sequence[Performance]) -> list[Ticket]:
    """Return the tickets that were not chosen but have the start of a chosen one."""
    meant = {ticket for one in chosen for ticket in one.tickets}
    return [ticket for one in chosen for ticket in one.beside if ticket not in meant]


def _known_starts(tickets: Sequence[Ticket]) -> Mapping[str, datetime]:
    """Return the start of each ticket as last quoted, or from the catalogue if never quoted.

    In the time zone the catalogue names, which includes daylight saving time; else with the quoted
    offset.
    """
    keys = [ticket.key for ticket in tickets]
    starts = dict(_catalogued(keys))
    zones = {
        key: start.tzinfo for key, start in starts.items() if isinstance(start.tzinfo, ZoneInfo)
    }
    covers = Cover.objects.filter(offer__request__tickets__has_any_keys=keys).order_by("pk")
    for quoted in covers.values_list("offer__request__starts", flat=True):
        # Rows that were written by hand may have any shape; they are ignored here.
        known = quoted if isinstance(quoted, dict) else {}
        told = ((key, stored_moment(known.get(key))) for key in keys)
        starts |= {
            key: start.astimezone(zones.get(key, start.tzinfo)) for key, start in told if start
        }
    return starts


def _catalogued(keys: Sequence[str]) -> Iterator[tuple[str, datetime]]:
    numbers = [number for number in map(whole_number, keys) if number is not None]
    for settings in accounts.by_channel().values():
        mapping = settings.rules.mapping
        for key, facts in listings.facts_of(numbers, settings.rules.sources).items():
            try:
                yield key, mapping.event(facts).starts_at
            except EventDataError:
                continue
