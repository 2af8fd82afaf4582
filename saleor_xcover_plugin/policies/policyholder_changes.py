"""Compare the buyer's details in an order with those in its policy, each time the order is synced.

One change is under way at a time; further changes are judged when it has ended.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from ..domain.cancellations import Verdict
from ..domain.messages import MessageKind
from ..domain.modifications import in_words, judge_change
from ..domain.states import OPEN_MODIFICATION_STATUSES, CoverStatus, ModificationStatus
from ..host.values import OrderSnapshot
from ..models import Cover, Modification
from ..outbox.new_messages import enqueue_step
from . import effects, modifications
from .policyholders import Digests, changes, digests_of, summary_of, under_present_key

log = logging.getLogger(__name__)

_WAITING = [ModificationStatus.PARKED.value, *(s.value for s in OPEN_MODIFICATION_STATUSES)]


def sync_policyholder(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Enqueue the preview of changed buyer's details of a confirmed policy, or ask staff.

    Nothing is sent once the event has begun. The caller is in a transaction and holds the cover's
    lock.
    """
    known = _known_digests(cover, order, now)
    wanted = changes(known, order.policyholder) if known else {}
    waiting = _waiting(cover)
    if any(modification.state in OPEN_MODIFICATION_STATUSES for modification in waiting):
        return
    if not wanted and not waiting:
        return
    if modifications.has_begun(cover, now):
        _drop(waiting, "The event has begun; nothing more is sent.", now)
        return
    digest = summary_of(wanted)
    if any(modification.wanted_digest == digest for modification in waiting):
        return  # staff were asked already
    _end_overtaken(waiting, cover, now, is_taken_back=not wanted)
    if wanted:
        _begin(cover, order, wanted, now)


def end_with_policy(cover: Cover, now: datetime) -> None:
    """Drop parked changes of the buyer's details if the policy is cancelled.

    The caller is in a transaction and holds the cover's lock.
    """
    if cover.status == CoverStatus.CANCELLED:
        parked = [m for m in _waiting(cover) if m.status == ModificationStatus.PARKED]
        _drop(parked, "The policy was cancelled.", now)


def _begin(cover: Cover, order: OrderSnapshot, wanted: Digests, now: datetime) -> None:
    judgement = judge_change(wanted, order.policyholder.missing_fields())
    is_requested = judgement.verdict == Verdict.REQUEST
    status = ModificationStatus.REQUESTED if is_requested else ModificationStatus.PARKED
    modification = Modification.objects.create(
        cover=cover,
        wanted=wanted,
        wanted_digest=summary_of(wanted),
        status=status.value,
        sentence=judgement.sentence,
        currency=cover.currency,
        created_at=now,
        updated_at=now,
    )
    if is_requested:
        operation_id = f"{cover.booking_id}:{modification.pk}"
        enqueue_step(MessageKind.PREVIEW_MODIFICATION, operation_id, modification, now)
    else:
        effects.tell(modification, effects.MODIFICATION_PARKED, modification.sentence)


def _end_overtaken(
    parked: Sequence[Modification], cover: Cover, now: datetime, *, is_taken_back: bool
) -> None:
    _drop(parked, "The buyer's details changed again before a person decided.", now)
    if parked and is_taken_back:
        fields = in_words({name for modification in parked for name in modification.wanted})
        effects.add_note(
            cover.order_id,
            f"order and policy {cover.booking_id} agree again about the buyer's {fields}. Nothing "
            "needs to be decided.",
        )


def _drop(rows: Sequence[Modification], sentence: str, now: datetime) -> None:
    for modification in rows:
        modifications.drop(modification, sentence, now)


def _waiting(cover: Cover) -> list[Modification]:
    found = list(cover.modifications.select_for_update().filter(status__in=_WAITING).order_by("pk"))
    for modification in found:
        modification.cover = cover
    return found


def _known_digests(cover: Cover, order: OrderSnapshot, now: datetime) -> dict[str, str] | None:
    """Return hashes of the details the policy is known to have; None if nothing is known.

    If the SECRET_KEY that made the hashes is gone, the order's present details are taken for the
    policy's, and a note in the order's history says so. Parking every sold policy would be worse.
    """
    stored = cover.policyholder_digests
    if not stored:
        return None
    known = under_present_key(stored, order.policyholder)
    if known is None:
        known = digests_of(order.policyholder)
        log.warning("xcover.policyholder.unreadable", extra={"order": cover.order_number})
        effects.add_note(
            cover.order_id,
            "the server's SECRET_KEY was replaced, so a change of the buyer's details made until "
            f"now went unnoticed. If there was one, tell Cover Genius; policy {cover.booking_id}.",
        )
    if known != stored:
        cover.save_fields(now, policyholder_digests=known)
    return known
