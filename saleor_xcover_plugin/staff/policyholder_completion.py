"""Complete buyer's details that a policy needs and the order lacks, and replay its confirmation."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from ..domain.messages import MessageKind
from ..domain.modifications import in_words
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus, MessageState
from ..domain.tickets import is_phone
from ..host import orders, policyholders
from ..models import Cover, OutboxMessage
from ..policies import effects
from .decisions import DecisionCode, DecisionRefused, require_typed
from .replay import replay

FIELDS = ("first_name", "last_name", "email", "phone")
"""Details that staff can complete."""
MAX_LENGTH = 250
"""Longest value in characters; Saleor's columns for names hold 256."""


def complete(order_id: uuid.UUID, given: Mapping[str, str], now: datetime) -> Cover:
    """Fill empty fields of the order with ``given`` and replay the parked confirmation.

    ``given`` maps ``FIELDS`` to values. Fields of the order that are not empty stay as they are.
    Raise ``DecisionRefused``, and fill nothing, if the order's cover does not wait for buyer's
    details, a value is not usable, or the policy would lack something still; raise
    ``Cover.DoesNotExist`` if the order has no cover.
    """
    wanted = {name: value.strip() for name, value in given.items() if value and value.strip()}
    _check(wanted)
    with transaction.atomic():
        cover = Cover.objects.get(order_id=order_id)
        message = OutboxMessage.objects.filter(
            kind=MessageKind.CONFIRM, subject_id=cover.pk, status=MessageState.PARKED.value
        ).first()
        waits = (cover.status, cover.reason_code) == (
            CoverStatus.PARKED.value,
            ReasonCode.POLICYHOLDER_INCOMPLETE,
        )
        if not waits or message is None:
            raise DecisionRefused(
                DecisionCode.NOT_WAITING, "The order's policy does not wait for buyer details."
            )
        filled = policyholders.complete(order_id, wanted)
        _require_complete(order_id, wanted)
        if filled:
            effects.add_note(
                order_id,
                f"staff completed the buyer's {in_words(filled)}; the policy is asked for.",
            )
    replay(message.pk, now)
    return cover


def _check(wanted: Mapping[str, str]) -> None:
    if not wanted:
        raise DecisionRefused(DecisionCode.BAD_INPUT, "Give at least one of the missing fields.")
    if unknown := set(wanted) - set(FIELDS):
        raise DecisionRefused(DecisionCode.BAD_INPUT, f"Not a field: {', '.join(sorted(unknown))}.")
    for name, value in wanted.items():
        require_typed(in_words([name]), value)
        if len(value) > MAX_LENGTH:
            raise DecisionRefused(
                DecisionCode.BAD_INPUT,
                f"The {in_words([name])} is longer than {MAX_LENGTH} characters.",
            )
    if "phone" in wanted and not is_phone(wanted["phone"]):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "Give the phone number with its country code: +14155550100."
        )
    if "email" in wanted and not re.fullmatch(r"[^@\s]+@[^@\s]+", wanted["email"]):
        raise DecisionRefused(DecisionCode.BAD_INPUT, "Give a whole e-mail address.")


def _require_complete(order_id: uuid.UUID, wanted: Mapping[str, str]) -> None:
    """Raise ``DecisionRefused`` if the policy lacks something still: it would be parked again."""
    order = orders.read(order_id)
    missing = order.policyholder.missing_fields() if order is not None else ()
    if not missing:
        return
    # A country is no field of ours, and without an address nothing takes a name or a phone.
    elsewhere = [name for name in missing if name not in FIELDS or name in wanted]
    to_do = (
        f"Write {in_words(elsewhere)} into the order's address in the dashboard first."
        if elsewhere
        else "Give all that is missing at once."
    )
    raise DecisionRefused(
        DecisionCode.BAD_INPUT,
        f"The policy would still lack the buyer's {in_words(missing)}, so nothing was changed. "
        f"{to_do}",
    )
