"""Staff take back that no policy is made, while it is unknown whether XCover made one."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from ..domain.states import NOT_WANTED
from ..host import notes
from ..models import Cover
from .decisions import DecisionCode, DecisionRefused
from .do_not_make import parked_confirmation
from .locks import lock_cover
from .replay import replay


def make_after_all(order_id: uuid.UUID, now: datetime) -> Cover:
    """Ask XCover for the policy of an order whose policy staff did not want; one it made is found.

    That is for a policy that exists although its booking could not be searched. The request that
    was sent is repeated; where it cannot be opened any more a new one is sent only while the order
    is paid and fit for it. Raise ``DecisionRefused``: what ended already, without a policy, stays
    ended.
    """
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None:
            raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
        parked = parked_confirmation(cover)
        if cover.reason_code != NOT_WANTED or parked is None:
            raise DecisionRefused(
                DecisionCode.NOT_WAITING,
                "Nothing of this order waits for it: that no policy is made was not decided, was "
                "taken back, or ended already.",
            )
        cover.write(now, reason_code=parked.reason_code, reason=_SENTENCE)
        notes.add(cover.order_id, _SENTENCE)
        replay(parked.pk, now)
    cover.refresh_from_db()
    return cover


_SENTENCE = (
    "Staff took back that no policy is made. XCover is asked for it; one that exists is found."
)
