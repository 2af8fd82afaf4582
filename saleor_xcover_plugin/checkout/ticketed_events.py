"""Read when the insured events of a cover begin and which of them were cancelled.

Times are in UTC. Variants are named by their primary keys as text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from ..compiled_query import CompiledQuery, is_one_of_keys
from ..domain.cancellations import Cancelled
from ..domain.event_times import stored_moment
from ..models import EventChange, Offer


@dataclass(frozen=True, slots=True)
class InsuredEvents:
    """Summary of all events that one policy covers."""

    first_start: datetime | None
    """Start of the earliest event that is not cancelled; None if it is unknown."""
    cancelled: Cancelled
    """Tells if none, some or all of the events were cancelled by their organiser."""

    @property
    def are_cancelled(self) -> bool:
        """True if all of them were cancelled."""
        return self.cancelled == Cancelled.ALL


def insured_events(offer: Offer | None) -> InsuredEvents:
    """Return the events of an offer, as quoted and as changed by staff since.

    Without an offer the start is unknown and nothing is cancelled.
    """
    if offer is None:
        return InsuredEvents(None, Cancelled.NONE)
    return events_of(offer, changes_of(variants_of(offer)))


def variants_of(offer: Offer) -> list[str]:
    """Return the keys of the variants an offer insures."""
    return list(offer.request.get("tickets", {}))


def events_of(offer: Offer, known: Mapping[str, datetime | None]) -> InsuredEvents:
    """Return the events of an offer; ``known`` is the result of ``changes_of`` for its variants."""
    variants = variants_of(offer)
    starts = [
        start
        for variant in variants
        if not _is_cancelled(variant, known)
        and (start := known.get(variant) or quoted_start(offer, variant)) is not None
    ]
    return InsuredEvents(min(starts, default=offer.event_starts_at), cancelled_of(variants, known))


def cancelled_of(variants: Collection[str], known: Mapping[str, datetime | None]) -> Cancelled:
    """Return if none, some or all events of the variants are cancelled.

    ``known`` is the result of ``changes_of`` for these variants.
    """
    count = sum(_is_cancelled(variant, known) for variant in variants)
    if not count:
        return Cancelled.NONE
    return Cancelled.ALL if count == len(variants) else Cancelled.SOME


def _is_cancelled(variant: str, known: Mapping[str, datetime | None]) -> bool:
    return variant in known and known[variant] is None


def changes_of(variants: Collection[str]) -> dict[str, datetime | None]:
    """Return the changes that staff entered, by variant: the new start, or None if cancelled."""
    return {row["variant"]: row["starts_at"] for row in _changes().rows_of(variants)}


@cache
def _changes() -> CompiledQuery:
    changes = EventChange.objects.filter(is_one_of_keys("variant"))
    return CompiledQuery(changes.values("variant", "starts_at"))


def last_known_end(offer: Offer, changes: Mapping[str, datetime | None]) -> datetime | None:
    """Return the latest known time of an offer's events, or None if none is known.

    Quoted ends and starts and the starts in ``changes`` (result of ``changes_of``) are compared.
    Old offers have no ends.
    """
    variants = variants_of(offer)
    ends = offer.request.get("ends", {})
    known = [quoted_start(offer, variant) for variant in variants]
    known += [stored_moment(ends.get(variant)) for variant in variants]
    known += [changes.get(variant) for variant in variants]
    return max((moment for moment in known if moment is not None), default=offer.event_starts_at)


def quoted_start(offer: Offer, variant: str) -> datetime | None:
    """Return the start for which the tickets of a variant were quoted."""
    return stored_moment(offer.request.get("starts", {}).get(variant)) or offer.event_starts_at
