"""Staff decide that no policy is made for an order whose confirmation is parked."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from .. import outbox
from ..domain.money import Money
from ..domain.states import (
    EVENT_OVER,
    NEVER_BOUGHT,
    NOT_WANTED,
    CoverStatus,
    MessageState,
    OfferStatus,
    may_become,
)
from ..host import metadata, notes, orders, telemetry
from ..host.values import OrderState
from ..models import Cover, OutboxMessage
from .decisions import DecisionCode, DecisionRefused
from .defects import cost_of_cover
from .locks import lock_cover
from .owed import charged_of
from .privacy.messages import ended
from .public_summary import of_cover
from .settle_due import settle_due
from .wake import DELIVER_TASK, wake_after_commit

log = logging.getLogger(__name__)

_IS_OWED_ALREADY = NEVER_BOUGHT | {EVENT_OVER}
"""Reasons with which what is due back was written down when the cover was parked."""


def do_not_make(order_id: uuid.UUID, now: datetime, *, asked_xcover: bool = False) -> Cover:
    """End what is parked before a policy was made; what was charged for the cover is due back.

    Where XCover may have made the policy already, its bookings are searched first: one that exists
    is taken over, and staff are told how to have it cancelled. ``asked_xcover`` says that Cover
    Genius was asked and knows of no policy, so nothing is searched. Raise ``DecisionRefused``.
    """
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None:
            raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
        parked = parked_confirmation(cover)
        require_parked(cover, parked)
        if not asked_xcover and _went_unknown(cover):
            raise DecisionRefused(DecisionCode.BAD_INPUT, _ASK_FIRST)
        if parked is not None and parked.is_unknown and not asked_xcover:
            _search_first(cover, parked, now)
        else:
            outbox.drop_parked(("confirm",), cover.pk, _ENDED, now)
            end_unmade(cover, orders.read(order_id), now)
    return cover


def end_unmade(cover: Cover, order: OrderState | None, now: datetime) -> None:
    """Make a cover void for which no policy was made and none shall be.

    The caller holds the locks of offer and cover, and has ended its message.
    """
    due = _due(cover, order)
    sentence = f"{_ENDED} {_what_is_due(due)}"
    cover.become(
        CoverStatus.VOID,
        now,
        reason_code=NOT_WANTED,
        reason=sentence,
        amount_due_back=due.amount,
        **({} if due.amount == cover.amount_due_back else _RECKONED_NOW),
    )
    if cover.offer is not None and may_become(cover.offer.state, OfferStatus.ABANDONED):
        cover.offer.become(OfferStatus.ABANDONED, now)
    telemetry.count(telemetry.POLICIES, event="not_wanted")
    log.warning("xcover.cover.not_wanted", extra={"order": cover.order_number})
    metadata.write_order_summary(cover.order_id, of_cover(cover))
    notes.add(cover.order_id, sentence)
    if order is not None:
        settle_due(cover, order, now)


_ASK_FIRST = (
    "It never became known whether XCover made a policy, and its call is gone, so nothing can be "
    "searched. Ask Cover Genius. If there is none, say so: --asked-xcover (askedXcover: true)."
)
_ENDED = "Staff decided that no policy is made for this order. XCover is not asked for it any more."
_RECKONED_NOW = {"refunded_when_due": None, "for_cover_when_due": Decimal(0)}


def _due(cover: Cover, order: OrderState | None) -> Money:
    """Return what is due back for the cover, whatever of it went back already."""
    known: Decimal = cover.amount_due_back
    if cover.reason_code in _IS_OWED_ALREADY and not _went_unknown(cover):
        return Money(known, cover.currency)
    if order is None:
        paid = cover.premium if cover.paid_at is not None else Decimal(0)
    else:
        paid = charged_of(order, cost_of_cover(order, cover.offer))
    return Money(max(known, paid), cover.currency)


def _went_unknown(cover: Cover) -> bool:
    """Return True when the call was purged before its outcome was known: nothing is due yet."""
    if cover.reason_code != EVENT_OVER:
        return False
    gone = ended([], [cover.pk]).filter(kind="confirm").order_by("-pk").first()
    return gone is not None and gone.is_unknown


def _what_is_due(due: Money) -> str:
    return f"Refund {due} to the buyer." if due.amount else "Nothing is due back."


def _search_first(cover: Cover, message: OutboxMessage, now: datetime) -> None:
    """Have the booking looked for. The body is kept for who takes the decision back."""
    sentence = (
        "Staff decided that no policy is made for this order. XCover may have made it already, so "
        "its bookings are searched first."
    )
    changes = {"reason_code": NOT_WANTED, "reason": sentence}
    if cover.status == CoverStatus.PARKED:
        cover.become(CoverStatus.CONFIRMING, now, **changes)
    else:
        cover.write(now, **changes)
    outbox.replay(message, now)
    notes.add(cover.order_id, sentence)
    wake_after_commit(DELIVER_TASK, message.pk)


def parked_confirmation(cover: Cover) -> OutboxMessage | None:
    """Lock and return the confirmation of a cover that waits for a person."""
    parked = OutboxMessage.objects.select_for_update().filter(
        kind="confirm", subject_id=cover.pk, status=MessageState.PARKED.value
    )
    return parked.order_by("-pk").first()


def require_parked(cover: Cover, parked: OutboxMessage | None) -> None:
    """Raise ``DecisionRefused`` unless the cover waits for a person, without a policy."""
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
