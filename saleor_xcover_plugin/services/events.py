"""When the insured events of a cover begin, and whether their organiser cancelled them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..domain.event_times import stored_moment
from ..models import EventChange, Offer


@dataclass(frozen=True, slots=True)
class InsuredEvents:
    """What is known of all events one policy covers."""

    first_start: datetime | None
    """When the earliest begins, UTC; None where nobody knows."""
    are_cancelled: bool
    """Every one of them."""


def insured_events(offer: Offer | None) -> InsuredEvents:
    """Read what was quoted, and what staff told of it since."""
    if offer is None:
        return InsuredEvents(None, are_cancelled=False)
    variants = list(offer.request.get("tickets", {}))
    changes = changes_of(variants)
    cancelled = {variant for variant, starts_at in changes.items() if starts_at is None}
    starts = [
        start
        for variant in variants
        if variant not in cancelled
        and (start := changes.get(variant) or _quoted_start(offer, variant)) is not None
    ]
    return InsuredEvents(
        min(starts, default=offer.event_starts_at),
        are_cancelled=bool(variants) and cancelled == set(variants),
    )


def changes_of(variants: Collection[str]) -> dict[str, datetime | None]:
    """Read what staff told: the present start of each changed variant, None of a cancelled one."""
    found = EventChange.objects.filter(variant__in=variants)
    return dict(found.values_list("variant", "starts_at"))


def last_known_end(offer: Offer, changes: Mapping[str, datetime | None]) -> datetime | None:
    """Return the latest moment known of its events: an end, or a start as quoted or moved since.

    ``changes`` is what ``changes_of`` says of its variants. Offers of before ends were stored know
    starts only.
    """
    variants = list(offer.request.get("tickets", {}))
    ends = offer.request.get("ends", {})
    known = [_quoted_start(offer, variant) for variant in variants]
    known += [stored_moment(ends.get(variant)) for variant in variants]
    known += [changes.get(variant) for variant in variants]
    return max((moment for moment in known if moment is not None), default=offer.event_starts_at)


def _quoted_start(offer: Offer, variant: str) -> datetime | None:
    return stored_moment(offer.request.get("starts", {}).get(variant)) or offer.event_starts_at
