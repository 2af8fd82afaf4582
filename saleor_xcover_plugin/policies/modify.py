"""Change the buyer's details in a policy: preview, then apply what is free of charge or ask staff.

The policy stays in force throughout.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ..domain.cancellations import Verdict
from ..domain.messages import MessageKind
from ..domain.modifications import in_words, judge_price
from ..domain.money import Money
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus, ModificationStatus
from ..domain.tickets import Policyholder
from ..host import orders
from ..models import Modification, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox.handlers import (
    Attempt,
    PreviewConfirmHandler,
    ask_for,
    give_up_or_retry,
)
from ..outbox.new_messages import enqueue_step
from ..xcover.bookings import Modification as Answer
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError
from ..xcover.payloads import policyholder_update_body
from . import effects
from .locks import lock_modification
from .modifications import apply, drop, forget, has_begun, park
from .policyholders import is_as_wanted, is_contradicted, shows_all

DEADLINE_SECONDS = 15.0
"""Deadline of one call to XCover, in seconds."""


class _ModificationHandler(PreviewConfirmHandler[Modification]):
    """Base of both steps: check before every attempt that the order still asks for the change."""

    rows = Modification
    left_open: str
    """Clause for staff when XCover never answers; "the buyer's phone in policy ..." follows it."""

    def lock(self, key: int) -> Modification:
        return lock_modification(key)

    def put_aside(self, row: Modification, sentence: str, now: datetime) -> None:
        park(row, sentence, now)

    def _begin_wanted(
        self, message: OutboxMessage, now: datetime
    ) -> tuple[Modification, OutboxMessage, Policyholder] | None:
        """Begin an attempt if the policy is in force and the order still asks for the change.

        Otherwise end the message and drop the change.
        """
        begun = self.begin(message, now)
        if begun is None:
            return None
        modification, current = begun
        order = orders.read(modification.cover.order_id, lock=True)
        if order is None:
            obstacle = "The order is gone."
        else:
            obstacle = _obstacle_to(modification, order.policyholder, now)
        if order is not None and not obstacle:
            return modification, current, order.policyholder
        outbox.drop(current, obstacle, now)
        drop(modification, obstacle, now)
        return None

    def refused(
        self, row: Modification, message: OutboxMessage, error: XCoverError, now: datetime
    ) -> None:
        if not give_up_or_retry(message, error, now):
            return
        fields = in_words(row.wanted)
        if error.leaves_unknown:
            left_open = self.left_open if message.is_unknown else "it did not change"
            sentence = (
                f"XCover gave no usable answer for a day; {left_open} the buyer's {fields} in "
                f"policy {row.cover.booking_id}. Replay the message."
            )
            outbox.park(message, sentence, now, reason=ReasonCode.GAVE_UP)
        else:
            named = f" Fields named: {', '.join(error.fields)}." if error.fields else ""
            sentence = (
                f"XCover did not change the buyer's {fields} ({error}).{named} Correct the order, "
                "or replay the message to ask again."
            )
            outbox.park(message, sentence, now, reason=ReasonCode.REFUSED)
        park(row, sentence, now)


class PreviewModificationHandler(_ModificationHandler):
    """Deliver messages of kind ``PREVIEW_MODIFICATION``: ask what the change would cost.

    A preview changes nothing at XCover.
    """

    due = ModificationStatus.REQUESTED
    operation = "preview_modification"
    left_open = "it did not change"

    def answered(self, row: Modification, answer: Answer, now: datetime) -> None:
        _record_preview(row, answer, now)

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        with transaction.atomic():
            begun = self._begin_wanted(message, now)
            if begun is None:
                return None
            modification, current, holder = begun
            changed = {name: getattr(holder, name) for name in modification.wanted}
            # A key belongs to one body; XCover does not document another body under the same key.
            body = outbox.sent_body(current) or policyholder_update_body(changed)
            booking_id, key = str(modification.cover.booking_id), str(message.idempotency_key)

        def call(client: XCoverClient) -> Answer:
            return client.modify_booking(
                booking_id, body, idempotency_key=key, preview=True, deadline=DEADLINE_SECONDS
            )

        return Attempt(call, body)


class ConfirmModificationHandler(_ModificationHandler):
    """Deliver messages of kind ``CONFIRM_MODIFICATION``: apply a change previewed as free."""

    due = ModificationStatus.CONFIRMING
    operation = "confirm_modification"
    left_open = "it may or may not have changed"

    def answered(self, row: Modification, answer: Answer | None, now: datetime) -> None:
        _record_applied(row, answer, now)

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        with transaction.atomic():
            begun = self._begin_wanted(message, now)
            if begun is None:
                return None
            modification, current, _ = begun
            may_be_done = current.is_unknown
            key_of_row = modification.pk
            booking_id = str(modification.cover.booking_id)
            update_id, wanted = modification.xcover_update_id, dict(modification.wanted)
            key = str(message.idempotency_key)

        def call(client: XCoverClient) -> Answer | None:
            if may_be_done and shows_all(ask_for(client, booking_id), wanted):
                return None  # an earlier attempt was carried out and its response was lost
            return client.confirm_modification(
                booking_id, update_id, idempotency_key=key, deadline=DEADLINE_SECONDS
            )

        def leaving(at: datetime) -> None:
            forget(lock_modification(key_of_row), at)

        return Attempt(call, b"{}", leaving)


def _obstacle_to(modification: Modification, holder: Policyholder, now: datetime) -> str:
    """Return a sentence if the change may not be sent, else an empty string."""
    cover = modification.cover
    if cover.status != CoverStatus.CONFIRMED:
        return f"The policy is {cover.status}; nothing more is sent."
    if has_begun(cover, now):
        return "The event has begun; nothing more is sent."
    if not is_as_wanted(holder, modification.wanted):
        return "The buyer's details changed again before this was done."
    return ""


def _record_preview(modification: Modification, answer: Answer, now: datetime) -> None:
    cover = modification.cover
    difference = Money(answer.price_difference, answer.booking.currency)
    modification.save_fields(now, price_difference=difference.amount, currency=difference.currency)
    judgement = judge_price(modification.wanted, difference, is_free=answer.is_free)
    if judgement.verdict != Verdict.CONFIRM:
        park(modification, judgement.sentence, now)
        return
    if answer.update_id is None or answer.booking_id != cover.booking_id:
        park(modification, _ODD_PREVIEW, now)
        return
    effects.apply(
        modification,
        effects.MODIFICATION_CONFIRMING,
        now,
        judgement.sentence,
        xcover_update_id=answer.update_id,
    )
    operation_id = f"{cover.booking_id}:{modification.pk}:{answer.update_id}"
    enqueue_step(MessageKind.CONFIRM_MODIFICATION, operation_id, modification, now)


_ODD_PREVIEW = (
    "XCover previewed the change of the buyer's details, but named no update for this policy. "
    "The policy was not changed; ask Cover Genius."
)


def _record_applied(modification: Modification, answer: Answer | None, now: datetime) -> None:
    """Record the change as applied, or park it if the response differs from the preview.

    ``answer`` is None if the booking was read and shows the wanted values already.
    """
    cover = modification.cover
    fields = in_words(modification.wanted)
    if answer is not None and not answer.is_free:
        difference = Money(answer.price_difference, answer.booking.currency)
        modification.save_fields(now, price_difference=difference.amount)
        sentence = (
            f"XCover changed the buyer's {fields} in policy {cover.booking_id}, and its price, in "
            f"all by {difference}, although the preview was free. Ask Cover Genius."
        )
        park(modification, sentence, now)
        return
    if answer is not None and is_contradicted(answer.booking, modification.wanted):
        sentence = (
            f"XCover took the change of the buyer's {fields}, but policy {cover.booking_id} shows "
            "something else than the order. Compare both, then ask Cover Genius."
        )
        park(modification, sentence, now)
        return
    apply(modification, now)
