"""A restricted cancellation: preview, compare, confirm or ask a person.

Never a reason to block the ticket refund, and the plugin never moves money.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from .. import outbox
from ..domain.cancellations import (
    Judgement,
    Preview,
    RefundScope,
    Verdict,
    judge_preview,
)
from ..domain.money import Money
from ..domain.states import CancellationStatus, CoverStatus
from ..host import metadata, notes, orders
from ..models import Cancellation, Cover, Offer, OutboxMessage
from ..xcover.answers import Booking, CancellationPreview
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError, XCoverStatusConflict
from ..xcover.payloads import cancellation_preview_body
from .delivery import Call, Outcome, give_up_or_retry
from .wake import append

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 15.0


def append_call(kind: str, operation_id: str, cancellation: Cancellation, now: datetime) -> None:
    append(
        kind,
        operation_id,
        subject_id=cancellation.pk,
        channel_id=cancellation.cover.channel_id,
        now=now,
    )


class _CancellationDelivery:
    """Both calls begin alike: lock, check that the step is still due, freeze the body."""

    due: CancellationStatus

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        with transaction.atomic():
            begun = self._begin(message, now)
            if begun is None:
                return
            cancellation, current = begun
            if isinstance(outcome, XCoverError):
                self._record_error(cancellation, current, outcome, now)
                return
            outbox.settle(current, now)
            if isinstance(outcome, CancellationPreview):
                _record_preview(cancellation, outcome, now)
            else:
                _record_cancelled(cancellation, now)

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        with transaction.atomic():
            begun = self._begin(message, now)
            if begun is None:
                return
            cancellation, current = begun
            outbox.park(current, sentence, now, reason=code)
            _park(cancellation, sentence, now)

    def order_of(self, message: OutboxMessage) -> uuid.UUID | None:
        return Cancellation.objects.values_list("cover__order_id", flat=True).get(
            pk=message.subject_id
        )

    def _begin(
        self, message: OutboxMessage, now: datetime
    ) -> tuple[Cancellation, OutboxMessage] | None:
        cancellation = _locked(message)
        current = outbox.lock(message)
        if current is None:
            return None
        if cancellation.status != self.due:
            outbox.drop(current, f"The cancellation is {cancellation.status}.", now)
            return None
        return cancellation, current

    def _begin_unhindered(
        self, message: OutboxMessage, now: datetime
    ) -> tuple[Cancellation, OutboxMessage] | None:
        """Begin a first attempt only while the refund stands; a later one must find its answer."""
        begun = self._begin(message, now)
        if begun is None or begun[1].sealed_body is not None:
            return begun
        cancellation, current = begun
        obstacle = ""
        order = orders.read(cancellation.cover.order_id, lock=True)
        if order is None or not order.is_refunded_in_full:
            obstacle = (
                "The refund was taken back before the policy was cancelled. It stays in force."
            )
            # This judgement is void: the same refund, made again, is judged anew.
            cancellation.write(
                now,
                scope=RefundScope.NOTHING.value,
                refund_key=f"{cancellation.refund_key}:taken-back:{cancellation.pk}",
            )
        elif cancellation.confirm_before and now >= cancellation.confirm_before:
            obstacle = "The preview lapsed before it could be confirmed. Ask again."
        if not obstacle:
            return begun
        outbox.drop(current, obstacle, now)
        _park(cancellation, obstacle, now)
        return None

    def _record_error(
        self, cancellation: Cancellation, message: OutboxMessage, error: XCoverError, now: datetime
    ) -> None:
        if not give_up_or_retry(message, error, now):
            return
        sentence = (
            f"XCover did not cancel the policy ({error}). It stays in force; decide with "
            "Cover Genius."
        )
        outbox.park(message, sentence, now, reason="refused")
        _park(cancellation, sentence, now)


class PreviewCancellation(_CancellationDelivery):
    """Ask what XCover would refund. Changes nothing at XCover."""

    due = CancellationStatus.REQUESTED

    def prepare(self, message: OutboxMessage, now: datetime) -> Call | None:
        with transaction.atomic():
            begun = self._begin_unhindered(message, now)
            if begun is None:
                return None
            cancellation, current = begun
            cover = cancellation.cover
            quote_ids = [q.quote_id for q in cover.offer.quotes.all() if q.is_chosen]  # type: ignore[union-attr]
            body = cancellation_preview_body(quote_ids, "Order refunded")
            body = outbox.freeze_body(current, body, now)
            booking_id, key = str(cover.booking_id), str(message.idempotency_key)

        def call(client: XCoverClient) -> CancellationPreview | Booking:
            try:
                return client.preview_cancellation(
                    booking_id, body, idempotency_key=key, deadline=DEADLINE_SECONDS
                )
            except XCoverStatusConflict:
                return _cancelled_booking(client, booking_id)

        return call


class ConfirmCancellation(_CancellationDelivery):
    """Say the final word on a preview that refunds the whole premium."""

    due = CancellationStatus.CONFIRMING

    def prepare(self, message: OutboxMessage, now: datetime) -> Call | None:
        with transaction.atomic():
            begun = self._begin_unhindered(message, now)
            if begun is None:
                return None
            cancellation, current = begun
            is_first = current.sealed_body is None
            outbox.freeze_body(current, b"{}", now)
            booking_id = str(cancellation.cover.booking_id)
            cancellation_id = str(cancellation.xcover_cancellation_id)
            key = str(message.idempotency_key)

        def call(client: XCoverClient) -> object:
            if not is_first and client.get_booking(booking_id).is_cancelled:
                return None  # the lost answer to an earlier attempt was a yes
            try:
                return client.confirm_cancellation(
                    booking_id, cancellation_id, idempotency_key=key, deadline=DEADLINE_SECONDS
                )
            except XCoverStatusConflict:
                return _cancelled_booking(client, booking_id)

        return call


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
    )
    cancellation.write(
        now,
        xcover_cancellation_id=answer.cancellation_id,
        refund=answer.refund,
        confirm_before=answer.confirm_before,
        cooling_off_until=answer.cooling_off_until,
    )
    if judgement.verdict != Verdict.CONFIRM:
        _park(cancellation, judgement.sentence, now)
        return
    cancellation.become(CancellationStatus.CONFIRMING, now, sentence=judgement.sentence)
    append_call(
        "confirm_cancellation", f"{cover.booking_id}:{answer.cancellation_id}", cancellation, now
    )


def _record_cancelled(cancellation: Cancellation, now: datetime) -> None:
    cover = cancellation.cover
    cancellation.become(CancellationStatus.CANCELLED, now)
    # The whole order went back to the buyer, the premium with it: nothing is due.
    cover.become(CoverStatus.CANCELLED, now, cancelled_at=now, amount_due_back=Decimal(0))
    log.info(
        "xcover.cover.cancelled", extra={"order": cover.order_number, "booking": cover.booking_id}
    )
    metadata.write_order_facts(cover.order_id, {"xcover.status": "cancelled"})
    notes.add(
        cover.order_id,
        f"policy {cover.booking_id} cancelled, XCover refunds {cover.premium_money} to the store.",
    )


def _park(cancellation: Cancellation, sentence: str, now: datetime) -> None:
    """The policy stays in force until a person decides."""
    cancellation.become(CancellationStatus.PARKED, now, sentence=sentence)
    cancellation.cover.become(CoverStatus.CONFIRMED, now)
    log.warning("xcover.cancellation.parked", extra={"order": cancellation.cover.order_number})
    notes.add(cancellation.cover.order_id, sentence)


def _cancelled_booking(client: XCoverClient, booking_id: str) -> Booking:
    """XCover says the state forbids it: fine when the policy is cancelled already."""
    booking = client.get_booking(booking_id)
    if not booking.is_cancelled:
        raise XCoverStatusConflict("the policy may not be cancelled in its present state")
    return booking


def _locked(message: OutboxMessage) -> Cancellation:
    cover_id, offer_id = Cancellation.objects.values_list("cover_id", "cover__offer_id").get(
        pk=message.subject_id
    )
    Offer.objects.select_for_update().filter(pk=offer_id).first()
    cover = Cover.objects.select_for_update(of=("self",)).select_related("offer").get(pk=cover_id)
    cancellation = Cancellation.objects.select_for_update().get(pk=message.subject_id)
    cancellation.cover = cover
    return cancellation
