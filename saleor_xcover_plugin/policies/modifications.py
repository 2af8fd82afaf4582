"""Move a modification of the buyer's details to its next status, with its outbox messages.

Unless a function says otherwise, the caller is in a transaction and holds the locks of cover and
modification.
"""

from __future__ import annotations

from datetime import datetime

from ..checkout.ticketed_events import insured_events
from ..domain.messages import MODIFICATION_KINDS
from ..domain.modifications import in_words
from ..domain.states import ModificationStatus
from ..models import Cover, Modification
from ..outbox import message_queue as outbox
from ..xcover.bookings import Booking
from . import effects
from .policyholders import shows_all


def has_begun(cover: Cover, now: datetime) -> bool:
    """Return True if the cover's first event has begun. An unknown start counts as begun."""
    starts_at = insured_events(cover.offer).first_start
    return starts_at is None or now >= starts_at


def apply(modification: Modification, now: datetime) -> None:
    """Record that the policy has the wanted details."""
    cover = modification.cover
    verb = "were" if len(modification.wanted) > 1 else "was"
    sentence = (
        f"the buyer's {in_words(modification.wanted)} {verb} changed in policy {cover.booking_id}."
    )
    effects.apply(modification, effects.MODIFICATION_APPLIED, now, sentence)
    cover.save_fields(
        now, policyholder_digests={**cover.policyholder_digests, **modification.wanted}
    )


def park(modification: Modification, sentence: str, now: datetime) -> None:
    """Park a modification: the policy stays as it is until staff decide."""
    effects.apply(modification, effects.MODIFICATION_PARKED, now, sentence)


def drop(modification: Modification, sentence: str, now: datetime) -> None:
    """Drop a modification and its parked messages: nothing is sent, no decision is needed."""
    outbox.drop_parked(MODIFICATION_KINDS, modification.pk, sentence, now)
    effects.apply(modification, effects.MODIFICATION_DROPPED, now, sentence)


def forget(modification: Modification, now: datetime) -> None:
    """Discard the hashes of the fields a modification changes, before it is first sent.

    Until XCover responds it is unknown which values the policy has. If the hashes were kept and the
    buyer's change was undone meanwhile, the policy would be left with the undone values.
    """
    cover = modification.cover
    known = {
        name: digest
        for name, digest in cover.policyholder_digests.items()
        if name not in modification.wanted
    }
    cover.save_fields(now, policyholder_digests=known)


def adopt(cover: Cover, booking: Booking, now: datetime) -> bool:
    """Apply parked modifications that ``booking`` shows already: Cover Genius made them by hand.

    Return True if there were any. The caller holds the cover's lock.
    """
    waiting = cover.modifications.select_for_update().filter(status=ModificationStatus.PARKED.value)
    applied = [modification for modification in waiting if shows_all(booking, modification.wanted)]
    for modification in applied:
        modification.cover = cover
        said = "Cover Genius applied the change by hand."
        outbox.drop_parked(MODIFICATION_KINDS, modification.pk, said, now)
        apply(modification, now)
    return bool(applied)
