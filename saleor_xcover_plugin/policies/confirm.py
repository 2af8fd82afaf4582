"""Confirm the policy of a paid order with XCover, once and at the price the shopper accepted.

Anything that does not match what was sold parks the cover, and staff decide.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction

from ..checkout.offers import chosen_ids
from ..config.settings import PluginSettings
from ..domain.cases import ASK_ABOUT_POLICY, BUTTONS, CaseAction
from ..domain.money import Money
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus, OfferStatus
from ..host import configuration, orders, telemetry
from ..host.values import OrderSnapshot
from ..models import Cover, Offer, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox import other_store
from ..outbox.handlers import Attempt, NotDone, Outcome, give_up_or_retry, look_up
from ..payload.documents import TemplateError
from ..payload.template import PayloadIncomplete
from ..xcover.bookings import Booking
from ..xcover.client import XCoverClient
from ..xcover.errors import (
    XCoverAlreadyBooked,
    XCoverBadResponse,
    XCoverError,
    XCoverMisconfigured,
    XCoverNotFound,
    XCoverRejected,
)
from ..xcover.payloads import confirm_body
from . import effects, policy_links
from .charges import charged_for_cover, charged_of, cost_of_cover, money_clause
from .insured_persons import insured_persons
from .line_defects import defect_of
from .locks import lock_cover
from .policyholders import digests_of
from .refund_scope import is_paid_for_policy
from .refunds_due import due_with_policy
from .unmade_covers import end_unmade

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 15.0
"""Deadline of one call to XCover, in seconds."""

PAYLOAD_COOLDOWN = timedelta(minutes=1)
"""Time until the next attempt after the payload's file or builder could not be used."""


class ConfirmHandler:
    """Deliver messages of kind ``CONFIRM``: ask XCover to make the policy of one cover.

    When an earlier attempt may have made a policy, the same request is sent again under its key,
    or the policy is searched for among XCover's bookings.
    """

    operation = "confirm_offer"

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        with transaction.atomic():
            cover = lock_cover(pk=message.subject_id)
            current = outbox.lock(message)
            if current is None or cover is None or cover.offer is None:
                return None
            wanted = Wanted.of(cover, cover.offer)
            if current.is_unknown:
                body = _once_more(cover, current, now)
                if body is None:
                    return Attempt(partial(_find, wanted, cover.created_at))
            else:
                body = self._body(cover, current, now)
            if body is None:
                return None
            offer_id, key = str(cover.offer.xcover_offer_id), str(message.idempotency_key)
        return Attempt(partial(_confirm, offer_id, body, key, wanted), body)

    def _body(self, cover: Cover, message: OutboxMessage, now: datetime) -> bytes | None:
        """Read the order again under lock. Return the request body, or end the message."""
        order = orders.read(cover.order_id, lock=True)
        if cover.reason_code == ReasonCode.NOT_WANTED:
            outbox.drop(message, "Staff decided that no policy is made.", now)
            end_unmade(cover, order, now)
            return None
        if order is None or not is_paid_for_policy(order, cover):
            sentence = "Tickets and protection are no longer paid in full; nothing was sent."
            outbox.drop(message, sentence, now)
            effects.apply(cover, effects.COVER_PLACED, now)
            return None
        defect = defect_of(order, cover.offer, now)
        missing = order.policyholder.missing_fields()
        if defect is None and not missing and cover.offer is not None:
            return self._body_with_persons(cover, cover.offer, order, message, now)
        if defect is not None:
            outbox.drop(message, defect.sentence, now)
            due_back = charged_for_cover(order, cover.offer)
            effects.park_cover(cover, defect.code, defect.sentence, now, due_back=due_back)
            return None
        sentence = (
            f"The policy needs the buyer's {', '.join(missing)}. Complete the order's address, "
            "then try again."
        )
        _park(cover, message, ReasonCode.POLICYHOLDER_INCOMPLETE, sentence, now)
        return None

    def _body_with_persons(
        self,
        cover: Cover,
        offer: Offer,
        order: OrderSnapshot,
        message: OutboxMessage,
        now: datetime,
    ) -> bytes | None:
        try:
            return _request(cover, offer, order, message.channel_id, now)
        except PayloadIncomplete as error:
            named = "; ".join(f"{each.path} ({each.why})" for each in error.missing[:5])
            sentence = (
                f"The policy needs details of the insured persons: {named}. Store them in the "
                "metadata of the order's lines, then try again."
            )
            _park(cover, message, ReasonCode.POLICYHOLDER_INCOMPLETE, sentence, now)
        except TemplateError as error:
            extra = {"channel": message.channel_id, "error": str(error)}
            log.error("xcover.payload.broken", extra=extra)
            outbox.defer(message, now + PAYLOAD_COOLDOWN, now)
        return None

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        with transaction.atomic():
            cover = lock_cover(pk=message.subject_id)
            current = outbox.lock(message)
            if current is None or cover is None or cover.offer is None:
                return
            if isinstance(outcome, XCoverError):
                self._record_error(cover, current, outcome, now)
            else:
                _record_booking(cover, current, outcome, now)

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        with transaction.atomic():
            cover = lock_cover(pk=message.subject_id)
            current = outbox.lock(message)
            if current is not None and cover is not None:
                if code == ReasonCode.OTHER_STORE and other_store.is_ordered_here(cover):
                    _park_of_other_store(cover, current, now)
                    return
                if code in (ReasonCode.POISON, ReasonCode.UNEXPECTED):
                    sentence = f"{sentence} {_ONE_POLICY}"
                _park(cover, current, code, sentence, now)

    def order_of(self, message: OutboxMessage) -> uuid.UUID | None:
        return Cover.objects.values_list("order_id", flat=True).get(pk=message.subject_id)

    def _record_error(
        self, cover: Cover, message: OutboxMessage, error: XCoverError, now: datetime
    ) -> None:
        if not give_up_or_retry(message, error, now):
            return
        if isinstance(error, _NotSearchable):
            code, due_back = ReasonCode.SEAL_BROKEN, None
            sentence = _not_found_out(cover, message, error)
        elif isinstance(error, XCoverNotFound):
            code, due_back = ReasonCode.OFFER_GONE, _charged(cover)
            what = "the premium of " if due_back == cover.premium else ""
            sentence = (
                f"XCover no longer knows the offer; there is no policy. Refund {what}"
                f"{Money(due_back, cover.currency)} to the buyer."
            )
        elif isinstance(error, XCoverAlreadyBooked):
            code, due_back = ReasonCode.OTHER_BOOKING, None
            sentence = (
                f"XCover already holds booking {error.booking_id} for this offer, and it does not "
                "match this order. Ask Cover Genius before doing anything else."
            )
        elif error.leaves_unknown and not message.is_unknown:
            code, due_back = ReasonCode.GAVE_UP, None
            sentence = (
                "XCover did not take the request for the policy for a day. None was made; replay "
                "the confirmation."
            )
        elif error.leaves_unknown:
            code, due_back = ReasonCode.GAVE_UP, None
            sentence = (
                "XCover gave no usable answer for a day; it is unknown whether a policy exists. "
                f"Replay the confirmation. {_ONE_POLICY}"
            )
        elif _says_yes_and_no(error):
            code, due_back = ReasonCode.UNCLEAR, None
            sentence = (
                f"XCover said yes and named errors ({error}); it is unknown whether a policy "
                "exists. Replay the confirmation: a policy that exists is found."
            )
        else:
            code, due_back = ReasonCode.REFUSED, None
            named = f" Fields named: {', '.join(error.fields)}." if error.fields else ""
            sentence = f"XCover refused the policy ({error}).{named} Correct it, then try again."
        _park(cover, message, code, sentence, now, due_back=due_back)


def _once_more(cover: Cover, message: OutboxMessage, now: datetime) -> bytes | None:
    """Return the body to send although a policy may exist, or None to search for the policy.

    A body that was sent under this message's key is sent unchanged: the key prevents a second
    policy, and a refund made meanwhile cancels the policy afterwards. Under a new key the order is
    judged again, because the request could make a policy. Nothing is sent when staff decided that
    no policy is made.
    """
    if cover.reason_code == ReasonCode.NOT_WANTED:
        return None
    if message.is_bound:
        return outbox.sent_body(message)
    return _body_for(cover, orders.read(cover.order_id, lock=True), message.channel_id, now)


def _body_for(
    cover: Cover, order: OrderSnapshot | None, channel_id: int, now: datetime
) -> bytes | None:
    """Return the request body for an order that is paid and has no defect, else None."""
    offer = cover.offer
    if order is None or offer is None or not is_paid_for_policy(order, cover):
        return None
    if defect_of(order, offer, now) is not None or order.policyholder.missing_fields():
        return None
    try:
        return _request(cover, offer, order, channel_id, now)
    except (PayloadIncomplete, TemplateError):
        return None


def _request(
    cover: Cover, offer: Offer, order: OrderSnapshot, channel_id: int, now: datetime
) -> bytes:
    """Build the request body and save keyed hashes of the buyer's details it carries.

    Raise what ``request_body`` does.
    """
    body = request_body(offer, order, configuration.settings_of(channel_id))
    cover.save_fields(now, policyholder_digests=digests_of(order.policyholder))
    return body


def request_body(offer: Offer, order: OrderSnapshot, settings: PluginSettings) -> bytes:
    """Return the body that asks for the policy of an order.

    Raise ``PayloadIncomplete`` if details of insured persons are missing, and ``TemplateError`` if
    the payload's file or builder cannot be used now.
    """
    return confirm_body(
        chosen_ids(offer),
        order.policyholder,
        transaction_id=order.number,
        insured=insured_persons(offer, order, settings),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The booking that belongs to an order: its number, and the quotes the shopper chose."""

    order_number: str
    quote_ids: frozenset[str]

    @classmethod
    def of(cls, cover: Cover, offer: Offer) -> Wanted:
        """Return the booking that belongs to the order of ``cover``."""
        return cls(cover.order_number, frozenset(chosen_ids(offer)))

    def is_met_by(self, booking: Booking) -> bool:
        """Return True if the booking names this order and has exactly these quotes."""
        booked = {quote.id for quote in booking.quotes}
        return booking.partner_transaction_id == self.order_number and booked == self.quote_ids


def _confirm(offer_id: str, body: bytes, key: str, wanted: Wanted, client: XCoverClient) -> Booking:
    try:
        return client.confirm_offer(offer_id, body, idempotency_key=key, deadline=DEADLINE_SECONDS)
    except XCoverAlreadyBooked as error:
        booking = look_up(client, error.booking_id)
        if wanted.is_met_by(booking):
            return booking
        raise


class _NotSearchable(XCoverError):
    """XCover does not list its bookings, or lists too many to search."""


def _find(wanted: Wanted, since: datetime, client: XCoverClient) -> Booking | NotDone:
    """Search the bookings made since ``since`` for the one an earlier call may have made.

    Raise ``_NotSearchable`` if XCover refuses to list them or the list cannot be read.
    """
    try:
        for listed in client.bookings_since(since - _CLOCKS_DIFFER):
            if listed.partner_transaction_id == wanted.order_number:
                booking = client.get_booking(listed.id)
                if wanted.is_met_by(booking):
                    return booking
    except (XCoverRejected, XCoverBadResponse) as error:
        raise _NotSearchable(str(error)) from error
    except XCoverMisconfigured as error:
        if error.status in (401, 403) or error.never_left:
            raise
        raise _NotSearchable(str(error)) from error
    return NotDone()


_CLOCKS_DIFFER = timedelta(hours=1)
"""Margin for a difference between XCover's clock and this server's."""


def _not_found_out(cover: Cover, message: OutboxMessage, error: _NotSearchable) -> str:
    """Return the sentence for staff when a policy may exist and cannot be searched for."""
    end = f'"{BUTTONS[CaseAction.DO_NOT_MAKE]}", saying that Cover Genius was asked'
    again = f'"{BUTTONS[CaseAction.RETRY]}"'
    unknown = (
        f"XCover may have made a policy, and its bookings could not be searched ({error}). Ask "
        f"Cover Genius whether order {cover.order_number} has one. If so: "
        f'"{BUTTONS[CaseAction.TAKE_OVER]}", with its number; it can then be cancelled. If not: '
    )
    if cover.reason_code == ReasonCode.NOT_WANTED:
        ways = f"{unknown}{end}."
        if outbox.sent_body(message) is None:
            return ways
        return (
            f"{ways} If there is one whose number nobody knows: "
            f'"{BUTTONS[CaseAction.MAKE_AFTER_ALL]}", which sends the request once more under its '
            "old key, and finds it."
        )
    ways = (
        f"{unknown}{again}, which makes the policy while the order is paid and its event lies "
        f"ahead, or {end}."
    )
    if not outbox.has_sealed(message):
        return ways
    return (
        f"The request that was sent for it cannot be opened any more. {ways} With the old "
        f"SECRET_KEY in SECRET_KEY_FALLBACKS, {again} is enough."
    )


def _says_yes_and_no(error: XCoverError) -> bool:
    """Return True if a success response, or a stored one (409), also named errors.

    A booking may exist then.
    """
    return error.status is not None and (error.status < 300 or error.status == 409)


_ONE_POLICY = "Its key makes a second policy impossible."


def _park(
    cover: Cover,
    message: OutboxMessage,
    code: str,
    sentence: str,
    now: datetime,
    *,
    due_back: Decimal | None = None,
) -> None:
    outbox.park(message, sentence, now, reason=code)
    # A decision of staff against the policy stands, whatever the search for a policy found.
    reason = ReasonCode.NOT_WANTED if cover.reason_code == ReasonCode.NOT_WANTED else code
    effects.park_cover(cover, reason, sentence, now, due_back=due_back)


def _park_of_other_store(cover: Cover, message: OutboxMessage, now: datetime) -> None:
    """Park a cover sold here on an offer of the store this database was copied from.

    The buyer is due back what this store charged for it.
    """
    order, due = orders.read(cover.order_id), cover.premium
    what = "refund what was paid for it"
    if order is not None:
        cost = cost_of_cover(order, cover.offer)
        due, what = charged_of(order, cost), money_clause(order, cost, "it")
    sentence = other_store.ORDERED_HERE.format(what=what)
    _park(cover, message, ReasonCode.OTHER_STORE, sentence, now, due_back=due)


def _charged(cover: Cover) -> Decimal:
    """Return the amount charged for a cover, in its currency.

    The premium, if the order no longer exists in Saleor.
    """
    order = orders.read(cover.order_id)
    if order is None:
        return Decimal(cover.premium)
    return charged_for_cover(order, cover.offer)


def take_over_booking(
    cover: Cover, parked: OutboxMessage | None, booking: Booking, now: datetime
) -> None:
    """Record ``booking`` as the policy of a cover, because staff named it.

    ``parked`` is the cover's confirmation if one waits for staff. The caller holds the locks of
    offer, cover and message.
    """
    if cover.status == CoverStatus.PARKED:
        effects.apply(cover, effects.COVER_CONFIRMING, now)
    if parked is not None:
        outbox.replay(parked, now)
    _record_booking(cover, parked, booking, now)


def _record_booking(
    cover: Cover, message: OutboxMessage | None, booking: Booking, now: datetime
) -> None:
    offer = cover.offer
    assert offer is not None  # noqa: S101 checked by the caller
    if message is not None:
        outbox.settle(message, now)
    difference = difference_of(booking, cover, chosen_ids(offer))
    offer.transition_to(OfferStatus.CONFIRMED, now)
    was_wanted = cover.reason_code != ReasonCode.NOT_WANTED
    due = due_with_policy(cover, orders.read(cover.order_id))
    if difference:
        sentence = (
            f"XCover's booking {booking.id} differs from what was sold: {difference}. Keep the "
            "booking and ask Cover Genius."
        )
        effects.park_cover(cover, ReasonCode.BOOKING_DIFFERS, sentence, now, booking_id=booking.id)
        cover.save_fields(now, **due)
        return
    effects.apply(
        cover,
        effects.COVER_CONFIRMED,
        now,
        f"{confirmed_sentence(cover, booking)}{_taken_back(cover, due)}",
        booking_id=booking.id,
        pds_url=booking.pds_url or "",
        sealed_links=policy_links.sealed(booking.links),
        confirmed_at=now,
        cooling_off_until=booking.cooling_off_until,
        reason="",
        reason_code="",
        **due,
    )
    if cover.paid_at is not None:
        telemetry.measure(telemetry.CONFIRMATIONS, (now - cover.paid_at).total_seconds())
    if not was_wanted:
        effects.add_note(
            cover.order_id,
            f"XCover had made policy {booking.id} before staff decided that none is made. In the "
            f'ticket protection of this order, "{ASK_ABOUT_POLICY}" begins to cancel it.',
        )


def confirmed_sentence(cover: Cover, booking: Booking) -> str:
    """Return the note about a new policy."""
    return f"policy {booking.id} confirmed, premium {cover.premium_money}."


def _taken_back(cover: Cover, due: Mapping[str, Any]) -> str:
    """Return the sentence that corrects an earlier one asking staff to refund the protection."""
    if not due:
        return ""
    left = Money(due.get("amount_due_back", cover.amount_due_back), cover.currency)
    what = f"Refund no more than {left}" if left.amount else "Refund nothing"
    return f" {what} for the protection because there was no policy before."


def difference_of(booking: Booking, cover: Cover, quote_ids: Sequence[str]) -> str:
    """Return the first difference between the booking and what was sold, or an empty string."""
    if not booking.is_confirmed:
        return f"its status is {booking.status}"
    if booking.currency != cover.currency or booking.total_price != cover.premium:
        return f"its price is {Money(booking.total_price, booking.currency)}"
    if {quote.id for quote in booking.quotes} != set(quote_ids):
        return "it holds other quotes"
    return ""
