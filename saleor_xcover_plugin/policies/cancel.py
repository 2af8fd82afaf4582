"""Cancel a policy at XCover in two steps: preview the refund, then confirm it or ask staff.

Cancellation of ticket protection is restricted by regulation, so the preview decides
(https://docs.covergenius.com/xcover/faqs/events-tickets-faqs). It never blocks a refund of the
tickets, and the plugin itself never moves money.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from ..checkout.offers import chosen_ids
from ..checkout.ticketed_events import insured_events
from ..domain.cancellations import STAFF_RULE, Approval, Judgement, Preview, Verdict, judge_preview
from ..domain.messages import MessageKind
from ..domain.money import Money
from ..domain.refund_attribution import RefundScope
from ..domain.states import CancellationStatus
from ..host import orders
from ..host.values import OrderSnapshot
from ..models import Cancellation, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox.handlers import (
    Attempt,
    NotDone,
    PreviewConfirmHandler,
    ask_for,
    give_up_or_retry,
    look_up,
)
from ..outbox.new_messages import enqueue_step
from ..xcover.bookings import Booking, CancellationPreview
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError, XCoverStatusConflict
from ..xcover.payloads import cancellation_preview_body
from . import effects
from .cancellation_facts import is_decided_alike
from .cancellations import (
    EVENT_CANCELLED_KEY,
    EVENT_TAKES_PLACE,
    end_as_void,
    end_with_policy,
    is_judged_by,
    park,
)
from .locks import lock_cancellation
from .refund_scope import scope_of
from .refunds_due import back_for_cover, charged_too_much

DEADLINE_SECONDS = 15.0
"""Deadline of one call to XCover, in seconds."""
MAX_RENEWALS = 3
"""Number of times a lapsed preview is requested again before staff are asked."""
ORDER_REFUNDED = "Order refunded"
"""Reason named to XCover when the order was refunded; XCover accepts free text."""
EVENT_CANCELLED = "Event cancelled"
"""Reason XCover asks for when the event is cancelled.

Source: https://docs.covergenius.com/xcover/faqs/events-tickets-faqs
"""


class _CancellationHandler(PreviewConfirmHandler[Cancellation]):
    """Base of both steps: check before every attempt that the judgement still applies."""

    rows = Cancellation
    ends_policy: bool
    """True if the call ends the policy once it is carried out; a preview changes nothing."""

    def lock(self, key: int) -> Cancellation:
        return lock_cancellation(key)

    def put_aside(self, row: Cancellation, sentence: str, now: datetime) -> None:
        park(row, sentence, now)

    def _begin_unhindered(
        self, message: OutboxMessage, now: datetime
    ) -> tuple[Cancellation, OutboxMessage] | None:
        """Begin an attempt if the judgement still applies. Otherwise end the message."""
        begun = self.begin(message, now)
        if begun is None:
            return None
        cancellation, current = begun
        changed = _event_taken_back(cancellation) or _what_changed(cancellation, now)
        if changed:
            outbox.drop(current, changed, now)
            end_as_void(cancellation, changed, now)
            return None
        if cancellation.confirm_before and now >= cancellation.confirm_before:
            outbox.drop(current, _LAPSED, now)
            _renew(cancellation, now)
            return None
        return begun

    def refused(
        self, row: Cancellation, message: OutboxMessage, error: XCoverError, now: datetime
    ) -> None:
        if not give_up_or_retry(message, error, now):
            return
        if self.ends_policy and message.is_unknown:
            reason, sentence = "gave_up", _not_looked_up(error)
        else:
            reason, sentence = "refused", _not_cancelled(error)
        outbox.park(message, sentence, now, reason=reason)
        park(row, sentence, now)

    def answered(
        self, row: Cancellation, answer: CancellationPreview | Booking, now: datetime
    ) -> None:
        if isinstance(answer, CancellationPreview):
            _record_preview(row, answer, now)
        else:
            _record_cancelled(row, now, is_refunded_by_xcover=answer.is_refunded_by_xcover)


def _not_cancelled(error: XCoverError) -> str:
    return (
        f"XCover did not cancel the policy ({error}). It stays in force; decide with Cover Genius."
    )


def _not_looked_up(error: XCoverError) -> str:
    return (
        "XCover may have cancelled the policy: the answer to that was lost, and the policy could "
        f"not be looked up for a day ({error}). Nothing can be decided before that is known. Have "
        "it looked up again (replay the message), or ask Cover Genius whether it is in force."
    )


_TAKEN_BACK = "The refund was taken back before the policy was cancelled. It stays in force."
_SUPERSEDED = "A further refund came before XCover was asked; both are judged together."
_DECIDED_OTHERWISE = (
    "What the refund means for the policy changed before XCover was asked; it is judged again."
)
_LAPSED = "The preview lapsed before it could be confirmed."


def _event_taken_back(cancellation: Cancellation) -> str:
    """Return a sentence if the event whose cancellation was the reason takes place after all.

    Empty otherwise. This ends an approval too, which was given because the event was cancelled.
    """
    if not cancellation.refund_key.endswith(EVENT_CANCELLED_KEY):
        return ""
    how_many = insured_events(cancellation.cover.offer).cancelled
    is_still_so = is_judged_by(cancellation.refund_key, how_many)
    return "" if is_still_so else EVENT_TAKES_PLACE


def _what_changed(cancellation: Cancellation, now: datetime) -> str:
    """Return a sentence if the judgement no longer applies to the order, else an empty string.

    An approval stays valid after a further refund, but not after the refund was taken back.
    """
    cover = cancellation.cover
    order = orders.read(cover.order_id, lock=True)
    if cancellation.rule == STAFF_RULE:
        return ""  # staff began it without a refund
    if order is None and cancellation.approved_refund is not None:
        return ""  # without the order nothing shows that the refund was taken back
    scope = None if order is None else scope_of(order, cover)
    if scope is None and not cancellation.refund_key.endswith(EVENT_CANCELLED_KEY):
        return _TAKEN_BACK
    if cancellation.approved_refund is not None:
        return ""
    if (scope or RefundScope.NOTHING) != cancellation.scope:
        return _TAKEN_BACK if scope is None else _SUPERSEDED
    return "" if is_decided_alike(cancellation, now) else _DECIDED_OTHERWISE


def _renew(cancellation: Cancellation, now: datetime) -> None:
    """Ask for a preview again, or ask staff after ``MAX_RENEWALS`` of them lapsed."""
    if cancellation.renewals >= MAX_RENEWALS:
        park(cancellation, f"{_LAPSED} It was renewed {MAX_RENEWALS} times; ask again.", now)
        return
    ask_again(cancellation, now)


def ask_again(cancellation: Cancellation, now: datetime, **changes: Any) -> None:
    """Discard the preview and request another one.

    ``changes`` are further columns to save. The caller is in a transaction and holds the locks of
    cover and cancellation.
    """
    effects.apply(
        cancellation,
        effects.CANCELLATION_REQUESTED,
        now,
        renewals=cancellation.renewals + 1,
        xcover_cancellation_id=None,
        confirm_before=None,
        **changes,
    )
    begin_preview(cancellation, now)


def begin_preview(cancellation: Cancellation, now: datetime) -> None:
    """Enqueue the preview of a cancellation; each renewal is an operation of its own."""
    operation_id = f"{cancellation.cover.booking_id}:{cancellation.pk}"
    if cancellation.renewals:
        operation_id += f":{cancellation.renewals}"
    enqueue_step(MessageKind.PREVIEW_CANCELLATION, operation_id, cancellation, now)


def begin_confirmation(cancellation: Cancellation, now: datetime) -> None:
    """Enqueue the confirmation of the previewed cancellation."""
    operation_id = f"{cancellation.cover.booking_id}:{cancellation.xcover_cancellation_id}"
    enqueue_step(MessageKind.CONFIRM_CANCELLATION, operation_id, cancellation, now)


class PreviewCancellationHandler(_CancellationHandler):
    """Deliver messages of kind ``PREVIEW_CANCELLATION``: ask what XCover would refund.

    A preview changes nothing at XCover.
    """

    operation = "preview_cancellation"
    ends_policy = False
    due = CancellationStatus.REQUESTED

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        with transaction.atomic():
            begun = self._begin_unhindered(message, now)
            if begun is None:
                return None
            cancellation, current = begun
            cover = cancellation.cover
            events = insured_events(cover.offer)
            reason = EVENT_CANCELLED if events.are_cancelled else ORDER_REFUNDED
            quote_ids = chosen_ids(cover.offer) if cover.offer else []
            # A key belongs to one body; XCover does not document another body under the same key.
            body = outbox.sent_body(current) or cancellation_preview_body(quote_ids, reason)
            booking_id, key = str(cover.booking_id), str(message.idempotency_key)

        def call(client: XCoverClient) -> CancellationPreview | Booking:
            try:
                return client.preview_cancellation(
                    booking_id, body, idempotency_key=key, deadline=DEADLINE_SECONDS
                )
            except XCoverStatusConflict:
                return _cancelled_booking(client, booking_id)

        return Attempt(call, body)


class ConfirmCancellationHandler(_CancellationHandler):
    """Deliver messages of kind ``CONFIRM_CANCELLATION``: carry out an accepted preview."""

    operation = "confirm_cancellation"
    ends_policy = True
    due = CancellationStatus.CONFIRMING

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        """Judge the attempt, or read the policy if an earlier one may have been carried out.

        If the policy is still in force, the next attempt is judged again, because the refund may
        have been taken back since.
        """
        with transaction.atomic():
            is_asked = message.is_unknown
            begun = self.begin(message, now) if is_asked else self._begin_unhindered(message, now)
            if begun is None:
                return None
            cancellation, _ = begun
            booking_id = str(cancellation.cover.booking_id)
            cancellation_id = str(cancellation.xcover_cancellation_id)
            key = str(message.idempotency_key)

        def ask(client: XCoverClient) -> Booking | NotDone:
            booking = ask_for(client, booking_id)
            return booking if booking.is_cancelled else NotDone()

        def call(client: XCoverClient) -> Booking:
            try:
                return client.confirm_cancellation(
                    booking_id, cancellation_id, idempotency_key=key, deadline=DEADLINE_SECONDS
                )
            except XCoverStatusConflict:
                return _cancelled_booking(client, booking_id)

        return Attempt(ask) if is_asked else Attempt(call, b"{}")


def _record_preview(cancellation: Cancellation, answer: CancellationPreview, now: datetime) -> None:
    cover = cancellation.cover
    judgement: Judgement = judge_preview(
        Preview(
            refund=Money(answer.refund, answer.currency),
            refund_amounts_agree=answer.refund_amounts_agree,
            cooling_off_until=answer.cooling_off_until,
            confirm_before=answer.confirm_before,
            is_refunded_by_xcover=answer.is_refunded_by_xcover,
        ),
        cover.premium_money,
        now,
        needs_person=cancellation.needs_person,
        approved=_approved(cancellation),
    )
    if answer.cooling_off_until is not None:
        cover.save_fields(now, cooling_off_until=answer.cooling_off_until)
    cancellation.save_fields(
        now,
        xcover_cancellation_id=answer.cancellation_id,
        refund=answer.refund,
        xcover_refunds_buyer=answer.is_refunded_by_xcover,
        confirm_before=answer.confirm_before,
        cooling_off_until=answer.cooling_off_until,
    )
    if judgement.verdict != Verdict.CONFIRM:
        park(cancellation, judgement.sentence, now)
        return
    effects.apply(cancellation, effects.CANCELLATION_CONFIRMING, now, judgement.sentence)
    begin_confirmation(cancellation, now)


def _approved(cancellation: Cancellation) -> Approval | None:
    """Return what staff approved, with the payer of the refund that was named to them."""
    if cancellation.approved_refund is None:
        return None
    return Approval(
        Money(cancellation.approved_refund, cancellation.currency),
        is_refunded_by_xcover=cancellation.xcover_refunds_buyer,
    )


def _record_cancelled(
    cancellation: Cancellation, now: datetime, *, is_refunded_by_xcover: bool
) -> None:
    """Record that the policy is cancelled, and who refunds the buyer.

    XCover refunds the buyer if it said so in the preview or says so now. The buyer must not be
    refunded twice.
    """
    cover = cancellation.cover
    order = orders.read(cover.order_id)
    back = back_for_cover(order) if order is not None else Decimal(0)
    xcover_pays = bool(cancellation.xcover_refunds_buyer) or is_refunded_by_xcover
    effects.apply(
        cancellation, effects.CANCELLATION_CANCELLED, now, xcover_refunds_buyer=xcover_pays
    )
    due = _due_to_buyer(cancellation, order, back)
    effects.apply(
        cover,
        effects.COVER_CANCELLED,
        now,
        _ended_sentence(cancellation, due, back),
        cancelled_at=now,
        amount_due_back=due.amount,
        refunded_when_due=None,
        for_cover_when_due=back,
    )
    end_with_policy(cover, now)


def _ended_sentence(cancellation: Cancellation, due: Money, back: Decimal) -> str:
    """Return the sentence for staff: what XCover refunds to whom, and what is left to do."""
    ended = f"policy {cancellation.cover.booking_id} cancelled"
    refund = cancellation.refund_money
    if cancellation.xcover_refunds_buyer:
        what = refund or "what is due"
        given = Money(min(back, cancellation.cover.premium), cancellation.currency)
        twice = (
            f" The store has refunded {given} for it as well: settle that with Cover Genius."
            if given.amount > 0
            else ""
        )
        owes = (
            f"the store still owes the buyer {due}, which was charged beyond the premium"
            if due.amount
            else "the store owes nothing for the protection"
        )
        return f"{ended}. XCover refunds {what} to the buyer itself: {owes}.{twice}"
    said = f", XCover refunds {refund} to the store" if refund is not None else ""
    todo = f" Refund {due} to the buyer." if due.amount else ""
    return f"{ended}{said}.{todo}"


def _due_to_buyer(cancellation: Cancellation, order: OrderSnapshot | None, back: Decimal) -> Money:
    """Return what the store owes the buyer after the cancellation.

    That is the refund XCover pays to the store, less what the buyer got back for the cover, and
    nothing of it if XCover pays the buyer itself. An amount charged beyond the premium, due since
    the policy was made, stays due.
    """
    cover = cancellation.cover
    still: Decimal = cover.amount_due_back
    is_paid_otherwise = (
        bool(cancellation.xcover_refunds_buyer) or RefundScope(cancellation.scope).includes_premium
    )
    if is_paid_otherwise or cancellation.refund is None:
        return Money(still, cancellation.currency)
    # Refunds for the cover first settle the amount charged beyond the premium.
    settled = charged_too_much(cover, order) - still - cover.back_elsewhere
    for_premium = max(back - max(settled, Decimal(0)), Decimal(0))
    of_refund = max(min(cancellation.refund, cover.premium) - for_premium, Decimal(0))
    return Money(still + of_refund, cancellation.currency)


def _cancelled_booking(client: XCoverClient, booking_id: str) -> Booking:
    """Return the booking after XCover refused because of its status, if it is cancelled already.

    Raise ``XCoverStatusConflict`` otherwise.
    """
    booking = look_up(client, booking_id)
    if not booking.is_cancelled:
        raise XCoverStatusConflict("the policy may not be cancelled in its present state")
    return booking
