"""Find the orders that outbox messages are about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from ..domain.messages import MODIFICATION_KINDS, MessageKind
from ..host import order_facts
from ..models import Cancellation, Cover, Modification, Offer, OutboxMessage


@dataclass(frozen=True, slots=True)
class MessageOrder:
    """The order a message is about."""

    id: uuid.UUID
    number: str
    """The order's number; empty if the order is gone and never had a cover."""


def orders_of(messages: Iterable[OutboxMessage]) -> dict[int, MessageOrder]:
    """Return the order of each message by its primary key; those without one are left out."""
    subjects: dict[str, dict[int, int]] = {}
    for message in messages:
        subjects.setdefault(message.kind, {})[message.pk] = message.subject_id
    found = {}
    for kind, by_message in subjects.items():
        by_subject = _by_subject(kind, set(by_message.values()))
        found.update({pk: by_subject[s] for pk, s in by_message.items() if s in by_subject})
    return found


def _by_subject(kind: str, ids: set[int]) -> dict[int, MessageOrder]:
    """Return orders by subject: a cover, offer, cancellation or modification, depending on kind."""
    if kind == MessageKind.CONFIRM:
        rows = Cover.objects.filter(pk__in=ids).values_list("pk", "order_id", "order_number")
        return {pk: MessageOrder(order_id, number) for pk, order_id, number in rows}
    if kind == MessageKind.OPT_OUT:
        offers = Offer.objects.filter(pk__in=ids).values_list("pk", "order_id")
        orders = {pk: order_id for pk, order_id in offers if order_id is not None}
        known = order_facts.numbers_of(orders.values())
        return {pk: MessageOrder(order, known.get(order, "")) for pk, order in orders.items()}
    model = Modification if kind in MODIFICATION_KINDS else Cancellation
    about = model._default_manager.filter(pk__in=ids)
    of_covers = about.values_list("pk", "cover__order_id", "cover__order_number")
    return {pk: MessageOrder(order_id, number) for pk, order_id, number in of_covers}
