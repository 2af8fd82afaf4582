"""What a refund means for a confirmed policy: judged once per refund, by a closed table."""

from __future__ import annotations

from datetime import datetime

from ..checkout.ticketed_events import InsuredEvents, insured_events
from ..domain.cancellations import Rule, Verdict, rule_for
from ..domain.refunds import RefundScope
from ..domain.states import CancellationStatus
from ..host.values import OrderSnapshot
from ..models import Cancellation, Cover
from . import cancellations, effects
from .cancel import begin_preview
from .cancellation_facts import situation_of
from .cancellations import KEY_OF_CANCELLED
from .refund_scope import is_paid_for_policy, scope_of, short_sums
from .refunds_due import back_for_cover

_ADDS_UP = (
    RefundScope.SOME_TICKETS,
    RefundScope.SHORT,
    RefundScope.MONEY,
    RefundScope.CHARGEBACK,
)
"""Further money is a further judgement; of the others there is only one."""

_TAKEN_BACK = "The refund was taken back: there is nothing to decide, the policy stays in force."
_JUDGED_ANEW = "A later refund was judged instead."


def judge(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Judge what the order's refunds and a cancelled event mean for a confirmed cover, once each.

    The event may have been cancelled while the policy was being made. The caller holds the cover's
    lock.
    """
    scope, events = scope_of(order, cover), insured_events(cover.offer)
    if scope is None:
        # A cancelled order or event has no refund that could be taken back.
        over = cancellations.waiting(cover).exclude(scope=RefundScope.NOTHING.value)
        if cancellations.close(over, _TAKEN_BACK, now):
            effects.add_note(cover.order_id, _TAKEN_BACK)
        if events.cancelled not in KEY_OF_CANCELLED:
            return
        scope = RefundScope.NOTHING
    key = judgement_key(scope, order, events)
    if cover.cancellations.filter(refund_key=key).exists():
        return
    rule = rule_for(situation_of(cover, scope, events, now))
    replace_judgement(cover, scope, key, rule, order, now)


def judge_anew(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Judge a refund again whose judgement waits for a person: what is known has changed."""
    cancellations.close(cancellations.waiting(cover), _JUDGED_ANEW, now)
    judge(cover, order, now)


def replace_judgement(
    cover: Cover, scope: RefundScope, key: str, rule: Rule, order: OrderSnapshot, now: datetime
) -> Cancellation:
    """Write the judgement down, tell staff, and ask XCover where the rule says so.

    What waited for a person because of an earlier one is over.
    """
    cancellations.close(cancellations.waiting(cover), _JUDGED_ANEW, now, is_void=False)
    status = {
        Verdict.REVIEW: CancellationStatus.PARKED,
        Verdict.KEEP: CancellationStatus.KEPT,
    }.get(rule.verdict, CancellationStatus.REQUESTED)
    cost, back = short_sums(order, cover)
    sentence = rule.sentence.format(cost=cost, back=back)
    cancellation = Cancellation.objects.create(
        cover=cover,
        refund_key=key,
        scope=scope.value,
        rule=rule.name,
        status=status.value,
        needs_person=rule.verdict == Verdict.PREVIEW,
        sentence=sentence,
        currency=cover.currency,
        created_at=now,
        updated_at=now,
    )
    effects.add_note(cover.order_id, sentence)
    if status == CancellationStatus.REQUESTED:
        effects.apply(cover, effects.COVER_CANCELLING, now)
        begin_preview(cancellation, now)
    return cancellation


def review_judgements(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Record what is due once a refund is taken back after it ended the policy.

    The buyer then pays for a policy that is gone. What the buyer or XCover cancelled without us is
    not judged here, and nothing is due where XCover refunded the buyer itself.
    """
    went_back = [scope.value for scope in RefundScope if scope.includes_premium]
    ended = cover.cancellations.filter(status=CancellationStatus.CANCELLED.value)
    by_store = ended.exclude(xcover_refunds_buyer=True)
    if not by_store.filter(scope__in=went_back).exists():
        return
    is_paid = is_paid_for_policy(order, cover)
    if is_paid and cover.amount_due_back == 0 and cover.refunded_when_due is None:
        cover.save_fields(
            now,
            amount_due_back=cover.premium,
            refunded_when_due=order.given.plain_money,
            for_cover_when_due=back_for_cover(order),
        )
        effects.add_note(
            cover.order_id,
            f"The refund was taken back, but policy {cover.booking_id} is cancelled. Refund the "
            f"premium of {cover.premium_money} to the buyer.",
        )
        return
    is_settled = cover.amount_due_back == 0 and cover.refunded_when_due is not None
    if is_settled and not is_paid:
        cover.save_fields(now, refunded_when_due=None)


def judgement_key(scope: RefundScope, order: OrderSnapshot, events: InsuredEvents) -> str:
    """Name the refund that is judged, so that it is judged once."""
    parts = [scope.value]
    if scope in _ADDS_UP:
        parts += [f"{order.refunded.normalize():f}", f"{order.charged.normalize():f}"]
    if events.cancelled in KEY_OF_CANCELLED:
        parts.append(KEY_OF_CANCELLED[events.cancelled])
    return ":".join(parts)
