"""Complete buyer's details that a policy needs and the order lacks, and replay its confirmation."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from ..domain.messages import MessageKind
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus, MessageState
from ..domain.tickets import is_phone
from ..host import policyholders
from ..models import Cover, OutboxMessage
from ..policies import effects
from .decisions import DecisionCode, DecisionRefused
from .replay import replay

FIELDS = ("first_name", "last_name", "email", "phone")
"""Details that staff can complete."""


def complete(order_id: uuid.UUID, given: Mapping[str, str], now: datetime) -> Cover:
    """Fill empty fields of the order with ``given`` and replay the parked confirmation.

    ``given`` maps ``FIELDS`` to values. Fields of the order that are not empty stay as they are.
    Raise ``DecisionRefused`` if the order's cover does not wait for buyer's details, or a value is
    not usable; raise ``Cover.DoesNotExist`` if the order has no cover.
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
        if filled:
            named = ", ".join(name.replace("_", " ") for name in filled)
            effects.add_note(
                order_id, f"staff completed the buyer's {named}; the policy is asked for."
            )
    replay(message.pk, now)
    return cover


def _check(wanted: Mapping[str, str]) -> None:
    if not wanted:
        raise DecisionRefused(DecisionCode.BAD_INPUT, "Give at least one of the missing fields.")
    if unknown := set(wanted) - set(FIELDS):
        raise DecisionRefused(DecisionCode.BAD_INPUT, f"Not a field: {', '.join(sorted(unknown))}.")
    if "phone" in wanted and not is_phone(wanted["phone"]):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "Give the phone number with its country code: +14155550100."
        )
    if "email" in wanted and not re.fullmatch(r"[^@\s]+@[^@\s]+", wanted["email"]):
        raise DecisionRefused(DecisionCode.BAD_INPUT, "Give a whole e-mail address.")
    if any(len(value) > 250 for value in wanted.values()):
        raise DecisionRefused(DecisionCode.BAD_INPUT, "A value is too long.")
