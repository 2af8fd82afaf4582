"""Confirm the policies of several ordinary orders together (``outbox.batches``).

Ordinary is an order that is paid in full, of which no money went back, whose cover line matches its
offer and whose buyer is known. Every other one, and every call that ends with anything but the
policy that was sold, is left to ``confirm``, which judges and words it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import transaction

from ..checkout.offers import chosen_ids
from ..checkout.ticketed_events import changes_of, events_of, variants_of
from ..domain.messages import MessageKind
from ..domain.states import CoverStatus, MessageState, OfferStatus, check_transition
from ..host import configuration, orders, telemetry
from ..host.values import OrderSnapshot
from ..models import Cover, Offer, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox.handlers import Attempt
from ..payload.documents import TemplateError
from ..payload.template import PayloadIncomplete
from ..time_limits import DatabaseBusy
from ..xcover.bookings import Booking
from ..xcover.client import XCoverClient
from . import confirm, effects, policy_links
from .batch_sql import columns, execute
from .line_defects import code_of
from .locks import lock_free_covers
from .policyholders import digests_of

Changes = Mapping[str, datetime | None]
"""The changes of events that staff recorded, by variant, as ``changes_of`` returns them."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A message whose call may be made, with everything the judgement was made of."""

    message: OutboxMessage
    cover: Cover
    offer: Offer
    order: OrderSnapshot = field(repr=False)
    events: Changes

    def differs_from(self, booking: Booking) -> bool:
        """Return True if the booking is not the policy that was sold."""
        return bool(confirm.difference_of(booking, self.cover, chosen_ids(self.offer)))


class ConfirmBatch:
    """Deliver messages of kind ``CONFIRM`` together; see ``BatchHandler``."""

    kind: str = MessageKind.CONFIRM
    operation: str = confirm.ConfirmHandler.operation

    def __init__(self) -> None:
        self._judged: dict[int, _Judged] = {}

    def prepare(
        self, messages: Sequence[OutboxMessage], account: str, now: datetime
    ) -> dict[int, Attempt]:
        with transaction.atomic():
            locked = lock_free_covers([message.subject_id for message in messages])
            ours = outbox.lock_free(messages)
            ids = [cover.order_id for cover, _ in locked.values()]
            found = orders.read_unrefunded(ids, lock=True)
            changes = _changes([offer for _, offer in locked.values()])
            judged = {}
            for message in messages:
                if message.pk not in ours or message.subject_id not in locked:
                    continue
                cover, offer = locked[message.subject_id]
                order = found.get(cover.order_id)
                if order is not None and _is_ordinary(cover, offer, order, changes, now):
                    judged[message.pk] = _Judged(message, cover, offer, order, _of(offer, changes))
            bodies = _bodies(judged)
            judged = {pk: judged[pk] for pk in bodies}
            _keep_digests(judged.values(), now)
            outbox.mark_all_sent(bodies, account, now)
        self._judged |= judged
        return {
            pk: Attempt(partial(_confirm, judged[pk], body), body) for pk, body in bodies.items()
        }

    def record(self, outcomes: Mapping[int, Booking], now: datetime) -> set[int]:
        check_transition(CoverStatus.CONFIRMING, CoverStatus.CONFIRMED)
        check_transition(OfferStatus.SELECTED, OfferStatus.CONFIRMED)
        check_transition(MessageState.PENDING, MessageState.SETTLED)
        sold = {
            pk: booking
            for pk, booking in outcomes.items()
            if not self._judged[pk].differs_from(booking)
        }
        if not sold:
            return set()
        with transaction.atomic():
            settled = _settle([(self._judged[pk], sold[pk]) for pk in sold], now)
            notes = dict(_stored(self._judged[pk].cover, sold[pk]) for pk in settled)
            effects.tell_covers(notes, effects.COVER_CONFIRMED)
        for cover in notes:
            if cover.paid_at is not None:
                telemetry.measure(telemetry.CONFIRMATIONS, (now - cover.paid_at).total_seconds())
        return settled

    def changed(self, recorded: Collection[int]) -> dict[int, uuid.UUID]:
        before = {pk: self._judged.pop(pk) for pk in recorded}
        ids = {pk: each.order.id for pk, each in before.items()}
        try:
            present = orders.read_unrefunded(list(ids.values()))
            changes = _changes([each.offer for each in before.values()])
        except DatabaseBusy:
            return ids
        return {
            pk: order_id
            for pk, order_id in ids.items()
            if present.get(order_id) != before[pk].order
            or _of(before[pk].offer, changes) != before[pk].events
        }

    def forget(self, message_id: int) -> None:
        self._judged.pop(message_id, None)


def _is_ordinary(
    cover: Cover, offer: Offer, order: OrderSnapshot, changes: Changes, now: datetime
) -> bool:
    is_open = cover.status == CoverStatus.CONFIRMING and not cover.reason_code
    return (
        is_open
        and offer.status == OfferStatus.SELECTED
        and cover.amount_due_back == Decimal(0)
        and order.is_paid_in_full
        and code_of(order, offer, events_of(offer, changes), now) is None
        and not order.policyholder.missing_fields()
    )


def _changes(offers: Collection[Offer]) -> Changes:
    """Return the changes of the events of all these offers that staff recorded."""
    return changes_of(sorted({key for offer in offers for key in variants_of(offer)}))


def _of(offer: Offer, changes: Changes) -> Changes:
    return {key: changes[key] for key in variants_of(offer) if key in changes}


def _bodies(judged: Mapping[int, _Judged]) -> dict[int, bytes]:
    """Return the bodies of the calls, but of those that are for ``confirm`` to judge and word."""
    channels = {each.message.channel_id for each in judged.values()}
    settings = {channel: configuration.settings_of(channel) for channel in channels}
    bodies = {}
    for pk, each in judged.items():
        with suppress(PayloadIncomplete, TemplateError):
            bodies[pk] = confirm.request_body(
                each.offer, each.order, settings[each.message.channel_id]
            )
    return bodies


def _confirm(judged: _Judged, body: bytes, client: XCoverClient) -> Booking:
    return client.confirm_offer(
        str(judged.offer.xcover_offer_id),
        body,
        idempotency_key=str(judged.message.idempotency_key),
        deadline=confirm.DEADLINE_SECONDS,
    )


def _stored(cover: Cover, booking: Booking) -> tuple[Cover, str]:
    """Return the cover as it was stored, and the note about its policy."""
    cover.status, cover.booking_id = CoverStatus.CONFIRMED.value, booking.id
    cover.pds_url = booking.pds_url or ""
    return cover, confirm.confirmed_sentence(cover, booking)


def _keep_digests(judged: Collection[_Judged], now: datetime) -> None:
    """Save keyed hashes of the buyers' details that the calls carry."""
    rows = {each.cover.pk: json.dumps(digests_of(each.order.policyholder)) for each in judged}
    execute(_KEEP_DIGESTS, [now, list(rows), list(rows.values())])


_KEEP_DIGESTS = """
UPDATE {cover} AS c SET policyholder_digests = kept.digests::jsonb, updated_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS kept(id, digests)
WHERE c.id = kept.id
"""


def _settle(sold: Sequence[tuple[_Judged, Booking]], now: datetime) -> set[int]:
    """Store policies; return the primary keys of the messages whose policy was stored.

    Left out is what another session holds, what another worker took over, and what staff decided
    about meanwhile. The rows are locked in their fixed sequence: offers, covers, messages.
    """
    rows = [
        (
            judged.message.pk,
            judged.message.lease_token,
            judged.cover.pk,
            judged.offer.pk,
            booking.id,
            booking.pds_url or "",
            policy_links.sealed(booking.links),
            booking.cooling_off_until,
        )
        for judged, booking in sold
    ]
    return {pk for (pk,) in execute(_SETTLE, [*columns(rows), *[now] * 5])}


_SETTLE = """
WITH made AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
        %s::bytea[], %s::timestamptz[]
    ) AS made(
        message_id, lease_token, cover_id, offer_id, booking_id, pds_url, sealed_links,
        cooling_off_until
    )
), free_offer AS MATERIALIZED (
    SELECT id FROM {offer}
    WHERE id IN (SELECT offer_id FROM made) AND status = 'selected'
    ORDER BY id FOR UPDATE SKIP LOCKED
), free_cover AS MATERIALIZED (
    SELECT id FROM {cover}
    WHERE id IN (SELECT cover_id FROM made) AND offer_id IN (SELECT id FROM free_offer)
        AND status = 'confirming' AND reason_code = '' AND amount_due_back = 0
    ORDER BY id FOR UPDATE SKIP LOCKED
), free_message AS MATERIALIZED (
    SELECT m.id, made.cover_id, made.offer_id
    FROM {message} AS m JOIN made ON m.id = made.message_id AND m.lease_token = made.lease_token
    WHERE m.status = 'pending' AND made.cover_id IN (SELECT id FROM free_cover)
    ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
), settled AS (
    {settle_free_messages}
), confirmed_offer AS (
    UPDATE {offer} AS o SET status = 'confirmed', updated_at = %s
    WHERE o.id IN (SELECT offer_id FROM free_message)
), confirmed_cover AS (
    UPDATE {cover} AS c SET status = 'confirmed', booking_id = made.booking_id,
        pds_url = made.pds_url, sealed_links = made.sealed_links,
        cooling_off_until = made.cooling_off_until, reason = '',
        confirmed_at = %s, updated_at = %s
    FROM made WHERE c.id = made.cover_id AND made.message_id IN (SELECT id FROM free_message)
)
SELECT id FROM free_message
"""
