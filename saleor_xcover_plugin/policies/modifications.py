"""What may become of one modification: row, outbox, log and order note say the same."""

from __future__ import annotations

from datetime import datetime

from ..checkout.ticketed_events import insured_events
from ..domain.messages import MODIFICATION_KINDS
from ..domain.modifications import in_words
from ..domain.states import ModificationStatus
from ..models import Cover, Modification
from ..outbox import store as outbox
from ..xcover.answers import Booking
from . import effects
from .policyholders import is_held


def has_begun(cover: Cover, now: datetime) -> bool:
    """Whether the (first) event has begun; one without a known start counts as begun."""
    starts_at = insured_events(cover.offer).first_start
    return starts_at is None or now >= starts_at


def apply(modification: Modification, now: datetime) -> None:
    """XCover holds what the order says."""
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
    """The policy stays in force as it is until a person decides."""
    effects.apply(modification, effects.MODIFICATION_PARKED, now, sentence)


def drop(modification: Modification, sentence: str, now: datetime) -> None:
    """Nothing more is sent, and nobody needs to decide."""
    outbox.drop_parked(MODIFICATION_KINDS, modification.pk, sentence, now)
    effects.apply(modification, effects.MODIFICATION_DROPPED, now, sentence)


def forget(modification: Modification, now: datetime) -> None:
    """From its first sending on, do not claim to know what XCover holds, until it answers.

    Else a change taken back would leave the policy with what nobody wants any more.
    """
    cover = modification.cover
    known = {
        name: digest
        for name, digest in cover.policyholder_digests.items()
        if name not in modification.wanted
    }
    cover.save_fields(now, policyholder_digests=known)


def adopt(cover: Cover, booking: Booking, now: datetime) -> bool:
    """End what waits for a person when XCover holds it: Cover Genius changed it by hand.

    The caller holds the cover's lock.
    """
    waiting = cover.modifications.select_for_update().filter(status=ModificationStatus.PARKED.value)
    held = [modification for modification in waiting if is_held(booking, modification.wanted)]
    for modification in held:
        modification.cover = cover
        said = "Cover Genius applied the change by hand."
        outbox.drop_parked(MODIFICATION_KINDS, modification.pk, said, now)
        apply(modification, now)
    return bool(held)
