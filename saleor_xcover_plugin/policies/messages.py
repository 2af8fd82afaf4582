"""Find the outbox messages about given offers and covers by indexed columns.

Pending and parked messages are found by status, with one query each: each status has a small
partial index. Settled and dropped ones, of which there are many, are found by kind and operation
id, which are unique together. The subject of a message is not indexed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q, QuerySet

from ..domain.messages import CANCELLATION_KINDS, MODIFICATION_KINDS, MessageKind
from ..domain.states import MessageState
from ..models import Cancellation, Cover, Modification, Offer, OutboxMessage

Owner = tuple[str, int]
"""The word ``offer`` or ``cover``, and the primary key of its row."""

_ENDED = [MessageState.SETTLED.value, MessageState.DROPPED.value]
_WITH_PERSON = (MessageKind.CONFIRM, *MODIFICATION_KINDS)
"""Kinds whose body contains details of the buyer."""


def unsettled(offers: Iterable[int], covers: Sequence[int]) -> Mapping[MessageState, set[Owner]]:
    """Return the offers and covers with a pending message and those with a parked one.

    ``offers`` and ``covers`` are primary keys; only messages about these are looked for.
    """
    owners = _owners(offers, covers)
    found: dict[MessageState, set[Owner]] = {}
    for status in (MessageState.PENDING, MessageState.PARKED):
        rows = OutboxMessage.objects.filter(_about(owners), status=status.value)
        found[status] = {owners[kind][key] for kind, key in rows.values_list("kind", "subject_id")}
    return found


def parked_confirm(cover: Cover) -> QuerySet[OutboxMessage]:
    """Return the confirmation of a cover if it is parked, as a query of at most one message."""
    return OutboxMessage.objects.filter(
        kind=MessageKind.CONFIRM, subject_id=cover.pk, status=MessageState.PARKED.value
    )


def parked_with_person(cover: Cover) -> QuerySet[OutboxMessage]:
    """Return the parked messages of a cover whose sealed body may contain the buyer's details."""
    owners = _owners([], [cover.pk])
    about = _about({kind: owners[kind] for kind in _WITH_PERSON})
    return OutboxMessage.objects.filter(about, status=MessageState.PARKED.value)


def ended(offers: Iterable[int], covers: Sequence[int]) -> QuerySet[OutboxMessage]:
    """Return the settled and dropped messages about the rows with these primary keys.

    Only messages whose offer, cover, cancellation or modification still exists are found.
    """
    told = Offer.objects.filter(pk__in=offers).exclude(xcover_offer_id="")
    found = Q(
        kind=MessageKind.OPT_OUT,
        operation_id__in=list(told.values_list("xcover_offer_id", flat=True)),
    )
    found |= Q(kind=MessageKind.CONFIRM, operation_id__in=_confirmations(covers))
    found |= _of_cancellations(covers) | _of_modifications(covers)
    return OutboxMessage.objects.filter(found, status__in=_ENDED)


def _owners(offers: Iterable[int], covers: Sequence[int]) -> dict[str, dict[int, Owner]]:
    """Map each kind, and the primary keys of its subjects, to the offer or cover concerned."""
    owners: dict[str, dict[int, Owner]] = {
        MessageKind.OPT_OUT: {pk: ("offer", pk) for pk in offers},
        MessageKind.CONFIRM: {pk: ("cover", pk) for pk in covers},
    }
    for kinds, model in ((CANCELLATION_KINDS, Cancellation), (MODIFICATION_KINDS, Modification)):
        rows = model._default_manager.filter(cover_id__in=covers).values_list("pk", "cover_id")
        by_key: dict[int, Owner] = {pk: ("cover", cover_id) for pk, cover_id in rows}
        owners.update(dict.fromkeys(kinds, by_key))
    return owners


def _about(owners: Mapping[str, Mapping[int, Owner]]) -> Q:
    about = Q(pk__in=[])
    for kind, keys in owners.items():
        if keys:
            about |= Q(kind=kind, subject_id__in=list(keys))
    return about


def _confirmations(covers: Sequence[int]) -> list[str]:
    """Return operation ids of confirmations, and of those that replaced a refused one."""
    rows = Cover.objects.filter(pk__in=covers, offer__isnull=False)
    names = [f"{order}:{offer}" for order, offer in rows.values_list("order_id", "offer_id")]
    named: list[str] = []
    while names:
        named += names
        there = OutboxMessage.objects.filter(kind=MessageKind.CONFIRM, operation_id__in=names)
        names = [f"{name}:again" for name in there.values_list("operation_id", flat=True)]
    return named


def _of_cancellations(covers: Sequence[int]) -> Q:
    """Return a condition that finds the messages of all cancellations of the covers.

    A renewed preview overwrites the cancellation id of the one before it, and with it the operation
    id of that one's confirmation. So where a preview was renewed, all confirmations of the policy
    are taken. The range bounds make the index usable under any collation.
    """
    rows = Cancellation.objects.filter(cover_id__in=covers)
    previews, confirmations, renewed = [], [], set()
    for pk, booking, renewals, named in rows.values_list(
        "pk", "cover__booking_id", "renewals", "xcover_cancellation_id"
    ):
        numbers = ("", *(f":{number}" for number in range(1, renewals + 1)))
        previews += [f"{booking}:{pk}{number}" for number in numbers]
        confirmations += [f"{booking}:{named}"] if named else []
        renewed |= {f"{booking}:"} if renewals else set()
    found = Q(kind=MessageKind.PREVIEW_CANCELLATION, operation_id__in=previews)
    found |= Q(kind=MessageKind.CONFIRM_CANCELLATION, operation_id__in=confirmations)
    for start in renewed:
        found |= Q(
            kind=MessageKind.CONFIRM_CANCELLATION,
            operation_id__gt=start,
            operation_id__lt=start + "z" * 64,
            operation_id__startswith=start,
        )
    return found


def _of_modifications(covers: Sequence[int]) -> Q:
    """Return a condition that finds the messages of all modifications of the covers."""
    rows = Modification.objects.filter(cover_id__in=covers)
    previews, confirmations = [], []
    for pk, booking, update in rows.values_list("pk", "cover__booking_id", "xcover_update_id"):
        previews.append(f"{booking}:{pk}")
        confirmations += [f"{booking}:{pk}:{update}"] if update else []
    return Q(kind=MessageKind.PREVIEW_MODIFICATION, operation_id__in=previews) | Q(
        kind=MessageKind.CONFIRM_MODIFICATION, operation_id__in=confirmations
    )
