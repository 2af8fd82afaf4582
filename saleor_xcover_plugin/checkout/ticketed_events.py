"""When the insured events of a cover begin, and whether their organiser cancelled them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..domain.cancellations import Cancelled
from ..domain.event_times import stored_moment
from ..models import EventChange, Offer


@dataclass(frozen=True, slots=True)
class InsuredEvents:
    """What is known of all events one policy covers."""

    first_start: datetime | None
    """When the earliest begins, UTC; None where nobody knows."""
    cancelled: Cancelled
    """How many of them their organiser cancelled."""

    @property
    def are_cancelled(self) -> bool:
        return self.cancelled == Cancelled.ALL


def insured_events(offer: Offer | None) -> InsuredEvents:
    """Read what was quoted, and what staff told of it since."""
    if offer is None:
        return InsuredEvents(None, Cancelled.NONE)
    return events_of(offer, changes_of(variants_of(offer)))


def variants_of(offer: Offer) -> list[str]:
    """Return the keys of the variants an offer insures."""
    return list(offer.request.get("tickets", {}))


def events_of(offer: Offer, known: Mapping[str, datetime | None]) -> InsuredEvents:
    """Say what became of an offer's events, by what ``changes_of`` says of its variants."""
    variants = variants_of(offer)
    starts = [
        start
        for variant in variants
        if not _is_cancelled(variant, known)
        and (start := known.get(variant) or quoted_start(offer, variant)) is not None
    ]
    return InsuredEvents(min(starts, default=offer.event_starts_at), cancelled_of(variants, known))


def cancelled_of(variants: Collection[str], known: Mapping[str, datetime | None]) -> Cancelled:
    """Say how many of the events of some variants are cancelled, by what ``changes_of`` says."""
    count = sum(_is_cancelled(variant, known) for variant in variants)
    if not count:
        return Cancelled.NONE
    return Cancelled.ALL if count == len(variants) else Cancelled.SOME


def _is_cancelled(variant: str, known: Mapping[str, datetime | None]) -> bool:
    return variant in known and known[variant] is None


def changes_of(variants: Collection[str]) -> dict[str, datetime | None]:
    """Read what staff told: the present start of each changed variant, None of a cancelled one."""
    found = EventChange.objects.filter(variant__in=variants)
    return dict(found.values_list("variant", "starts_at"))


def last_known_end(offer: Offer, changes: Mapping[str, datetime | None]) -> datetime | None:
    """Return the latest moment known of its events: an end, or a start as quoted or moved since.

    ``changes`` is what ``changes_of`` says of its variants. Offers of before ends were stored know
    starts only.
    """
    variants = variants_of(offer)
    ends = offer.request.get("ends", {})
    known = [quoted_start(offer, variant) for variant in variants]
    known += [stored_moment(ends.get(variant)) for variant in variants]
    known += [changes.get(variant) for variant in variants]
    return max((moment for moment in known if moment is not None), default=offer.event_starts_at)


def quoted_start(offer: Offer, variant: str) -> datetime | None:
    """Return when the tickets of a variant were quoted to begin."""
    return stored_moment(offer.request.get("starts", {}).get(variant)) or offer.event_starts_at
