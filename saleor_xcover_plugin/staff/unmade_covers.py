"""Decide that no policy is made for an order whose confirmation is parked, or withdraw that."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.db import transaction

from ..domain.messages import MessageKind
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus, MessageState
from ..host import orders
from ..models import Cover, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox.task_queue import DELIVER_TASK, send_after_commit
from ..policies import effects
from ..policies.locks import lock_cover
from ..policies.unmade_covers import ENDED, end_unmade, went_unknown
from .decisions import DecisionCode, DecisionRefused
from .replay import replay

log = logging.getLogger(__name__)


def do_not_make(order_id: uuid.UUID, now: datetime, *, asked_xcover: bool = False) -> Cover:
    """Void a cover that waits for staff; the amount charged for it becomes due to the buyer.

    If XCover may have made the policy already, its bookings are searched first: a policy that
    exists is taken over, and staff are told how to have it cancelled. ``asked_xcover`` states that
    Cover Genius knows of no policy, so nothing is searched. Raise ``DecisionRefused`` if the cover
    has a policy or does not wait for staff, or if Cover Genius must be asked first.
    """
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None:
            raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
        parked = parked_confirmation(cover)
        require_parked(cover, parked)
        if not asked_xcover and went_unknown(cover):
            raise DecisionRefused(DecisionCode.BAD_INPUT, _ASK_FIRST)
        if parked is not None and parked.is_unknown and not asked_xcover:
            _search_first(cover, parked, now)
        else:
            outbox.drop_parked((MessageKind.CONFIRM,), cover.pk, ENDED, now)
            end_unmade(cover, orders.read(order_id), now)
    return cover


_ASK_FIRST = (
    "It never became known whether XCover made a policy, and its call is gone, so nothing can be "
    "searched. Ask Cover Genius. If there is none, say so: --asked-xcover (askedXcover: true)."
)


def _search_first(cover: Cover, message: OutboxMessage, now: datetime) -> None:
    """Replay the message so that it searches for the booking.

    Its body is kept in case staff withdraw the decision.
    """
    sentence = (
        "Staff decided that no policy is made for this order. XCover may have made it already, so "
        "its bookings are searched first."
    )
    changes = {"reason_code": ReasonCode.NOT_WANTED, "reason": sentence}
    if cover.status == CoverStatus.PARKED:
        effects.apply(cover, effects.COVER_CONFIRMING, now, **changes)
    else:
        cover.save_fields(now, **changes)
    outbox.replay(message, now)
    effects.add_note(cover.order_id, sentence)
    send_after_commit(DELIVER_TASK, message.pk)


def parked_confirmation(cover: Cover) -> OutboxMessage | None:
    """Lock and return the latest parked confirmation of a cover, or None.

    The caller holds the cover's lock.
    """
    parked = OutboxMessage.objects.select_for_update().filter(
        kind=MessageKind.CONFIRM, subject_id=cover.pk, status=MessageState.PARKED.value
    )
    return parked.order_by("-pk").first()


def require_parked(cover: Cover, parked: OutboxMessage | None) -> None:
    """Raise ``DecisionRefused`` unless the cover has no policy and waits for staff.

    ``parked`` is its parked confirmation, or None.
    """
    if cover.booking_id:
        raise DecisionRefused(
            DecisionCode.POLICY_EXISTS,
            f"Policy {cover.booking_id} exists. Ask XCover what cancelling it would refund, or "
            "ask Cover Genius.",
        )
    if cover.status == CoverStatus.CONFIRMING and parked is None:
        raise DecisionRefused(
            DecisionCode.UNDER_WAY, "XCover is being asked for the policy. Look again in a minute."
        )
    if cover.status not in (CoverStatus.PARKED, CoverStatus.CONFIRMING):
        raise DecisionRefused(
            DecisionCode.NOT_WAITING,
            f"No policy of this order waits for a person: its cover is {cover.status}.",
        )


def make_after_all(order_id: uuid.UUID, now: datetime) -> Cover:
    """Withdraw the decision that no policy is made, while it is unknown whether one exists.

    For a policy that exists although its booking could not be searched for: the request is sent
    once more under its key, and XCover returns the booking. If the request cannot be opened any
    more, a new one is sent, but only if the order is paid and its cover line has no defect. Raise
    ``DecisionRefused`` if the decision was not made, was withdrawn, or took effect already.
    """
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None:
            raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
        parked = parked_confirmation(cover)
        if cover.reason_code != ReasonCode.NOT_WANTED or parked is None:
            raise DecisionRefused(
                DecisionCode.NOT_WAITING,
                "Nothing of this order waits for it: that no policy is made was not decided, was "
                "taken back, or ended already.",
            )
        cover.save_fields(now, reason_code=parked.reason_code, reason=_SENTENCE)
        effects.add_note(cover.order_id, _SENTENCE)
        replay(parked.pk, now)
    cover.refresh_from_db()
    return cover


_SENTENCE = (
    "Staff took back that no policy is made. XCover is asked for it; one that exists is found."
)
