"""What a refund means for a confirmed policy: judged once per refund, by a closed table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ..domain.cancellations import RefundScope, Verdict, judge_refund
from ..domain.states import CancellationStatus, CoverStatus
from ..host import notes
from ..host.values import OrderState
from ..models import Cancellation, Cover
from .cancel_cover import append_call


def judge(cover: Cover, order: OrderState, now: datetime) -> None:
    """Judge what the order's refunds mean for a confirmed cover, once per refund.

    The caller holds the cover's lock.
    """
    scope = scope_of(order)
    if scope is None:
        return
    money = f"{order.refunded.normalize():f}:{order.charged.normalize():f}"
    key = f"{money}:{'cancelled' if order.is_cancelled else 'kept'}"
    if cover.cancellations.filter(refund_key=key).exists():
        return
    starts_at = cover.offer.event_starts_at if cover.offer else None
    judgement = judge_refund(scope, is_before_event=starts_at is not None and now < starts_at)
    if judgement.verdict == Verdict.REQUEST and _has_requested(cover):
        return
    is_requested = judgement.verdict == Verdict.REQUEST
    status = CancellationStatus.REQUESTED if is_requested else CancellationStatus.PARKED
    cancellation = Cancellation.objects.create(
        cover=cover,
        refund_key=key,
        scope=scope.value,
        status=status.value,
        sentence=judgement.sentence,
        currency=cover.currency,
        created_at=now,
        updated_at=now,
    )
    notes.add(cover.order_id, judgement.sentence)
    if is_requested:
        cover.become(CoverStatus.CANCELLING, now)
        operation_id = f"{cover.booking_id}:{cancellation.pk}"
        append_call("preview_cancellation", operation_id, cancellation, now)


def look_back(cover: Cover, order: OrderState, now: datetime) -> None:
    """Record what is due once a refund is taken back after it ended the policy.

    The buyer then pays for a policy that is gone. What the buyer or XCover cancelled without us is
    not judged here.
    """
    if not cover.cancellations.filter(status=CancellationStatus.CANCELLED.value).exists():
        return
    due = cover.premium if order.is_paid_in_full else Decimal(0)
    if cover.amount_due_back == due:
        return
    cover.write(now, amount_due_back=due)
    if due:
        notes.add(
            cover.order_id,
            f"The refund was taken back, but policy {cover.booking_id} is cancelled. Refund the "
            f"premium of {cover.premium_money} to the buyer.",
        )


def scope_of(order: OrderState) -> RefundScope | None:
    """Say what of the order went back to the buyer; None when nothing did."""
    if order.is_refunded_in_full:
        return RefundScope.EVERYTHING
    if order.is_refunded_in_part:
        return RefundScope.PART
    return RefundScope.NOTHING if order.is_cancelled else None


def _has_requested(cover: Cover) -> bool:
    """Whether this policy was already previewed: a later order cancellation adds nothing new."""
    return cover.cancellations.filter(scope=RefundScope.EVERYTHING.value).exists()
