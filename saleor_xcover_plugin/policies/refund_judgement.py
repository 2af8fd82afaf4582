"""Decide once per refund, by a table of rules, what becomes of a confirmed policy.

The table is ``domain/cancellations.py``.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ..checkout.ticketed_events import InsuredEvents, insured_events
from ..domain.cancellations import Rule, Verdict, rule_for
from ..domain.money import Money
from ..domain.refund_attribution import RefundScope
from ..domain.states import CancellationStatus
from ..host.values import OrderSnapshot
from ..models import Cancellation, Cover
from . import cancellations, effects
from .cancel import begin_preview
from .cancellation_facts import situation_of
from .cancellations import KEY_OF_CANCELLED, OF_EVENT_CANCELLED
from .refund_scope import is_paid_for_policy, scope_of, short_sums
from .refunds_due import back_for_cover, charged_too_much

_ADDS_UP = (
    RefundScope.SOME_TICKETS,
    RefundScope.SHORT,
    RefundScope.MONEY,
    RefundScope.CHARGEBACK,
)
"""Scopes in which every further refund is judged again; each of the others is judged once."""

_TAKEN_BACK = "The refund was taken back: there is nothing to decide, the policy stays in force."
_JUDGED_AGAIN = "A later refund was judged instead."


def judge(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Judge the order's refunds and cancelled events for a confirmed cover, once each.

    Called whenever the order is synced, because an event may be cancelled while the policy is being
    made. The caller is in a transaction and holds the cover's lock.
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


def judge_again(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Replace judgements that wait for staff, because the facts they rest on have changed.

    The caller is in a transaction and holds the cover's lock.
    """
    cancellations.close(cancellations.waiting(cover), _JUDGED_AGAIN, now)
    judge(cover, order, now)


def replace_judgement(
    cover: Cover, scope: RefundScope, key: str, rule: Rule, order: OrderSnapshot, now: datetime
) -> Cancellation:
    """Record a judgement, tell staff, and ask XCover for a preview if the rule says so.

    ``key`` names the refund (``judgement_key``) and ``rule`` is what the table decided. Earlier
    judgements that wait for staff are closed. The caller is in a transaction and holds the cover's
    lock.
    """
    waiting = cancellations.waiting(cover)
    # Events may be taken back one by one: what is still cancelled then is judged again.
    cancellations.close(waiting.filter(OF_EVENT_CANCELLED), _JUDGED_AGAIN, now)
    cancellations.close(waiting, _JUDGED_AGAIN, now, is_void=False)
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
    """Record the premium as due to the buyer if a refund is taken back after it ended the policy.

    The buyer would otherwise pay for a cancelled policy. Policies cancelled without the plugin are
    not considered, and nothing is due if XCover refunded the buyer itself. The caller is in a
    transaction and holds the cover's lock.
    """
    went_back = [scope.value for scope in RefundScope if scope.includes_premium]
    ended = cover.cancellations.filter(status=CancellationStatus.CANCELLED.value)
    by_store = ended.exclude(xcover_refunds_buyer=True)
    if not by_store.filter(scope__in=went_back).exists():
        return
    is_paid = is_paid_for_policy(order, cover)
    of_premium = max(cover.back_elsewhere - charged_too_much(cover, order), Decimal(0))
    due = Money(max(cover.premium - of_premium, Decimal(0)), cover.currency)
    is_new = cover.amount_due_back == 0 and cover.refunded_when_due is None
    if is_paid and is_new and due.amount:
        cover.save_fields(
            now,
            amount_due_back=due.amount,
            refunded_when_due=order.given.plain_money,
            for_cover_when_due=back_for_cover(order),
        )
        effects.add_note(
            cover.order_id,
            f"The refund was taken back, but policy {cover.booking_id} is cancelled. Refund the "
            f"premium of {due} to the buyer.",
        )
        return
    is_settled = cover.amount_due_back == 0 and cover.refunded_when_due is not None
    if is_settled and not is_paid:
        cover.save_fields(now, refunded_when_due=None)


def judgement_key(scope: RefundScope, order: OrderSnapshot, events: InsuredEvents) -> str:
    """Return a name for the order's present refunds and cancelled events, unique per cover.

    The same state gives the same name, so that it is judged once.
    """
    parts = [scope.value]
    if scope in _ADDS_UP:
        parts += [f"{order.refunded.normalize():f}", f"{order.charged.normalize():f}"]
    if events.cancelled in KEY_OF_CANCELLED:
        parts.append(KEY_OF_CANCELLED[events.cancelled])
    return ":".join(parts)
