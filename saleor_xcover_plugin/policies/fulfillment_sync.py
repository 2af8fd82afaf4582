"""Fulfil, unfulfil or return the cover line of an order together with its tickets."""

from __future__ import annotations

import logging
import uuid

from django.db import transaction

from ..domain.fulfillment import CoverStep, next_step
from ..host import fulfillments

log = logging.getLogger(__name__)


def sync_fulfillment(order_id: uuid.UUID) -> CoverStep | None:
    """Fulfil, unfulfil or return the cover line so that it follows the tickets. Idempotent.

    The order then has the status it would have without the line. Return the step that was taken, or
    None if none was needed or possible.
    """
    with transaction.atomic():
        found = fulfillments.read(order_id)
        if found is None or not found.cover_lines:
            return None
        step = next_step(found.order.status, found.tickets)
        is_done = step is not None and _take(step, found)
    if not is_done:
        return None
    log.info("xcover.cover_line.followed", extra={"order": str(order_id), "step": str(step)})
    return step


def _take(step: CoverStep, found: fulfillments.OrderFulfillment) -> bool:
    if step is CoverStep.HAND_OUT:
        return fulfillments.may_be_handed_out(found.order) and fulfillments.hand_out(found)
    if step is CoverStep.TAKE_BACK:
        return fulfillments.take_back(found)
    return fulfillments.return_with_tickets(found)
