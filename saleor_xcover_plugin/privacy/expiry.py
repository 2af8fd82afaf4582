"""End parked work about a buyer whose data is removed, and record what is due to the buyer.

Called by ``xcover_erase`` on request and by ``xcover_purge`` when the retention period of the
hashes is over. The caller is in a transaction and holds the locks of offer and cover.
"""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal

from ..domain.cases import BUTTONS, CaseAction
from ..domain.messages import MessageKind
from ..domain.reasons import NOTHING_BOUGHT, ReasonCode
from ..domain.states import CoverStatus, ModificationStatus
from ..host import orders
from ..host.values import OrderSnapshot
from ..models import Cover
from ..outbox import message_queue as outbox
from ..policies import effects, modifications
from ..policies.messages import parked_confirm
from ..policies.refunds_due import back_for_cover

log = logging.getLogger(__name__)

_NOT_MADE = (ReasonCode.REFUSED, ReasonCode.POLICYHOLDER_INCOMPLETE)
_HAS_SENTENCE = NOTHING_BOUGHT - {ReasonCode.POLICYHOLDER_INCOMPLETE}
"""Reasons whose sentence for staff names the amount due and does not mention a replay."""


def end_changes(cover: Cover, why: str, now: datetime) -> int:
    """Drop the parked changes of the buyer's details; return their number. ``why`` is stored."""
    parked = cover.modifications.select_for_update().filter(status=ModificationStatus.PARKED.value)
    changes = list(parked)
    for change in changes:
        change.cover = cover
        modifications.drop(change, why, now)
    return len(changes)


def end_confirm(cover: Cover, why: str, now: datetime) -> str:
    """Drop the parked confirmation of a cover; return a sentence for staff, or an empty string.

    If the cover was paid and no policy was made, its premium becomes due to the buyer. ``why`` is
    stored with the message.
    """
    is_idle = cover.status in (CoverStatus.PARKED, CoverStatus.VOID)
    parked = list(parked_confirm(cover)) if is_idle else []
    if not parked:
        return ""
    is_not_made = cover.reason_code in _NOT_MADE or not any(one.is_unknown for one in parked)
    outbox.drop_parked((MessageKind.CONFIRM,), cover.pk, why, now)
    if cover.status == CoverStatus.VOID or cover.reason_code in _HAS_SENTENCE:
        return ""
    order = orders.read(cover.order_id)
    is_due = is_not_made and _is_paid(cover, order)
    sentence = _sentence(cover, is_not_made=is_not_made, is_due=is_due)
    changes: dict[str, object] = {"reason": sentence, "reason_code": ReasonCode.EVENT_OVER}
    if is_due and cover.amount_due_back < cover.premium:  # an overcharge is due as well
        changes["amount_due_back"] = cover.amount_due_back + cover.premium
        changes["refunded_when_due"] = order.given.plain_money if order else None
        changes["for_cover_when_due"] = Decimal(0)
    cover.save_fields(now, **changes)
    log.warning("xcover.cover.lapsed", extra={"order": cover.order_number})
    return sentence


def tell(cover: Cover, sentence: str) -> None:
    """Add the sentence of ``end_confirm``, if there is one, to the order's history."""
    if sentence:
        effects.add_note(cover.order_id, sentence)


def _sentence(cover: Cover, *, is_not_made: bool, is_due: bool) -> str:
    if is_due:
        money = cover.premium_money
        return f"No policy was made. Refund the premium of {money} unless it went back already."
    if is_not_made:
        return "No policy was made, and nothing is due: the order is not paid any more."
    return (
        "It never became known whether XCover made a policy, and its event is over. Ask Cover "
        f'Genius. If there is none: "{BUTTONS[CaseAction.DO_NOT_MAKE]}", saying that you asked, '
        f"and refund the premium of {cover.premium_money}. If there is one: "
        f'"{BUTTONS[CaseAction.TAKE_OVER]}", with its number.'
    )


def _is_paid(cover: Cover, order: OrderSnapshot | None) -> bool:
    """Return True if the buyer paid for the cover and, as far as Saleor knows, was not refunded."""
    if order is None:
        return cover.paid_at is not None
    return order.charged > 0 and back_for_cover(order) < cover.premium
