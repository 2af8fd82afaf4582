"""Tell XCover of several orders without cover together (``outbox.batches``).

What is out of the ordinary, such as an offer that was accepted since or an error of XCover's, is
left to ``opt_out``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, partial

from django.db import transaction

from ..compiled_query import CompiledInstances, is_one_of_keys
from ..domain.messages import MessageKind
from ..domain.states import MessageState, OfferStatus, check_transition, may_transition
from ..models import Offer, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox.handlers import Attempt
from . import opt_out
from .batch_sql import columns, execute


class OptOutBatch:
    """Deliver messages of kind ``OPT_OUT`` together; see ``BatchHandler``."""

    kind: str = MessageKind.OPT_OUT
    operation: str = opt_out.OptOutHandler.operation

    def __init__(self) -> None:
        self._judged: dict[int, tuple[OutboxMessage, Offer]] = {}

    def prepare(
        self, messages: Sequence[OutboxMessage], account: str, now: datetime
    ) -> dict[int, Attempt]:
        with transaction.atomic():
            offers = {row.pk: row for row in _free_offers().of([m.subject_id for m in messages])}
            ours = outbox.lock_free(messages)
            judged = {
                message.pk: (message, offers[message.subject_id])
                for message in messages
                if message.pk in ours and _is_due(offers.get(message.subject_id))
            }
            outbox.mark_all_sent(dict.fromkeys(judged, opt_out.BODY), account, now)
        self._judged |= judged
        return {
            pk: Attempt(partial(opt_out.tell, offer=offer, message=message), opt_out.BODY)
            for pk, (message, offer) in judged.items()
        }

    def record(self, outcomes: Mapping[int, None], now: datetime) -> set[int]:
        check_transition(MessageState.PENDING, MessageState.SETTLED)
        told = [self._judged[pk] for pk in outcomes]
        for _, offer in told:
            check_transition(offer.state, OfferStatus.OPTED_OUT)
        rows = [
            (message.pk, message.lease_token, offer.pk, offer.status) for message, offer in told
        ]
        return {pk for (pk,) in execute(_SETTLE, [*columns(rows), *[now] * 3])}

    def changed(self, recorded: Collection[int]) -> dict[int, uuid.UUID]:
        # There is no cover that a refund or payment of the order could concern.
        for pk in recorded:
            self.forget(pk)
        return {}

    def forget(self, message_id: int) -> None:
        self._judged.pop(message_id, None)


@cache
def _free_offers() -> CompiledInstances[Offer]:
    offers = Offer.objects.filter(is_one_of_keys("pk")).order_by("pk")
    return CompiledInstances(offers.select_for_update(skip_locked=True))


def _is_due(offer: Offer | None) -> bool:
    return (
        offer is not None
        and offer.status != OfferStatus.SELECTED
        and may_transition(offer.state, OfferStatus.OPTED_OUT)
    )


# The offer must be as it was judged, and the message still this worker's. The rows are locked in
# their fixed sequence: offers, messages.
_SETTLE = """
WITH told AS (
    SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::text[])
        AS told(message_id, lease_token, offer_id, status)
), free_offer AS MATERIALIZED (
    SELECT o.id FROM {offer} AS o JOIN told ON o.id = told.offer_id AND o.status = told.status
    ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
), free_message AS MATERIALIZED (
    SELECT m.id, told.offer_id
    FROM {message} AS m JOIN told ON m.id = told.message_id AND m.lease_token = told.lease_token
    WHERE m.status = 'pending' AND told.offer_id IN (SELECT id FROM free_offer)
    ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
), settled AS (
    {settle_free_messages}
), opted_out AS (
    UPDATE {offer} AS o SET status = 'opted_out', updated_at = %s
    WHERE o.id IN (SELECT offer_id FROM free_message)
)
SELECT id FROM free_message
"""
