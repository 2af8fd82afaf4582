"""Carry out decisions of staff about a policy: preview a cancellation, approve it, or keep it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from ..domain.cancellations import RULE_SENTENCES, STAFF_RULE, ClaimState
from ..domain.cases import BUTTONS, CaseAction
from ..domain.messages import CANCELLATION_KINDS
from ..domain.money import Money
from ..domain.refund_attribution import RefundScope
from ..domain.states import CancellationStatus, CoverStatus
from ..domain.typed_text import is_typed
from ..host import orders
from ..models import Cancellation, Cover
from ..outbox import message_queue as outbox
from ..policies import effects, refund_judgement
from ..policies.cancel import ask_again, begin_confirmation, begin_preview
from ..policies.cancellations import may_be_cancelled
from ..policies.locks import lock_cancellation, lock_cover
from ..policies.refund_scope import scope_of


class DecisionCode(StrEnum):
    """Why a decision cannot be carried out; part of the staff API."""

    COVER_NOT_FOUND = "cover_not_found"
    CANCELLATION_NOT_FOUND = "cancellation_not_found"
    NO_POLICY = "no_policy"
    UNDER_WAY = "under_way"
    NOT_WAITING = "not_waiting"
    NOT_PREVIEWED = "not_previewed"
    REFUND_CHANGED = "refund_changed"
    DUE_CHANGED = "due_changed"
    UNDECIDED = "undecided"
    NUMBER_CHANGED = "number_changed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    POLICY_EXISTS = "policy_exists"
    OTHER_POLICY = "other_policy"
    XCOVER_UNAVAILABLE = "xcover_unavailable"
    BAD_INPUT = "bad_input"


SENTENCES: Mapping[DecisionCode, str] = {
    DecisionCode.COVER_NOT_FOUND: "The order has no protection in this channel.",
    DecisionCode.CANCELLATION_NOT_FOUND: "This channel has no such cancellation.",
    DecisionCode.NO_POLICY: "The cover is not a policy in force.",
    DecisionCode.UNDER_WAY: (
        "XCover is being asked already, or somebody works on the same policies; the message says "
        "who."
    ),
    DecisionCode.NOT_WAITING: "It was decided, or there is nothing to decide.",
    DecisionCode.NOT_PREVIEWED: "XCover was not asked what it refunds.",
    DecisionCode.REFUND_CHANGED: "XCover would refund another amount than the approved one.",
    DecisionCode.DUE_CHANGED: "Another amount is due to the buyer by now.",
    DecisionCode.UNDECIDED: "It is not decided whether the order gets a policy.",
    DecisionCode.NUMBER_CHANGED: "Another number of policies is concerned by now.",
    DecisionCode.OUTCOME_UNKNOWN: (
        "XCover may have cancelled the policy already: the answer to that was lost."
    ),
    DecisionCode.POLICY_EXISTS: "The order has a policy already.",
    DecisionCode.OTHER_POLICY: (
        "XCover does not show that policy, or it is another order's, or cancelled."
    ),
    DecisionCode.XCOVER_UNAVAILABLE: "XCover could not be asked just now; nothing was changed.",
    DecisionCode.BAD_INPUT: (
        "A value is missing or cannot be used, say because it holds a character that cannot be "
        "seen; the message says which."
    ),
}
"""Sentences that tell staff what each code means; docs/cancellations.md tells what to do."""


class DecisionRefused(Exception):
    """A decision that cannot be carried out. Nothing was changed.

    The text of the exception tells staff why, and what to do.
    """

    def __init__(self, code: DecisionCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def require_typed(name: str, text: str) -> None:
    """Raise ``DecisionRefused`` for a text with characters that nobody sees or that turn others.

    ``name`` says in words which text it is. The refusal does not repeat the text.
    """
    if not is_typed(text):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT,
            f"The {name} holds a character that cannot be seen, such as a line break or a mark of "
            "the direction of writing. Type it by hand.",
        )


_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_CURRENCY = re.compile("[A-Za-z]{3}")


def read_refund(amount: str, currency: str) -> Money:
    """Return the refund that staff entered as an amount and an ISO 4217 currency code.

    Raise ``DecisionRefused`` if the amount is not a decimal number such as 6.66 or has more
    decimals than the currency, or the currency is not three letters.
    """
    try:
        # Decimal accepts digits of any script, and a refusal repeats the currency.
        if not (_AMOUNT.fullmatch(amount) and _CURRENCY.fullmatch(currency)):
            raise ValueError
        money = Money(Decimal(amount), currency.upper())
        if money.amount != money.rounded().amount:  # raises for what is not finite
            raise ValueError
    except (ArithmeticError, ValueError):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "Give the refund as it was shown, such as 6.66 and USD."
        ) from None
    return money


def ask(order_id: uuid.UUID, now: datetime) -> Cancellation:
    """Enqueue a preview of cancelling the order's policy. Nothing is cancelled.

    Raise ``DecisionRefused`` if the order has no cover, no policy is in force, or XCover may have
    cancelled it already.
    """
    with _locked_cover(order_id) as cover:
        _require_policy(cover)
        _require_known(cover)
        waiting = cover.cancellations.filter(status=CancellationStatus.PARKED.value).last()
        effects.apply(cover, effects.COVER_CANCELLING, now)
        if waiting is not None:
            _drop_parked(waiting, now)
            ask_again(waiting, now, needs_person=True, approved_refund=None)
            return waiting
        order = orders.read(order_id)
        scope = (order and scope_of(order, cover)) or RefundScope.NOTHING
        asked = Cancellation.objects.create(
            cover=cover,
            refund_key=f"{STAFF_RULE}:{cover.cancellations.count() + 1}",
            scope=scope.value,
            rule=STAFF_RULE,
            status=CancellationStatus.REQUESTED.value,
            needs_person=True,
            sentence=RULE_SENTENCES[STAFF_RULE],
            currency=cover.currency,
            created_at=now,
            updated_at=now,
        )
        begin_preview(asked, now)
        return asked


def approve(cancellation_id: int, refund: Money, now: datetime) -> Cancellation:
    """Confirm a previewed cancellation for exactly the refund that staff saw.

    A preview that lapsed is renewed first; the policy is then cancelled only for the same refund.
    XCover cannot undo a cancellation. Raise ``DecisionRefused`` if the cancellation does not wait
    for a decision, was not previewed, names another refund, or its policy is not known to be in
    force.
    """
    with _locked_cancellation(cancellation_id) as cancellation:
        _require_waiting(cancellation)
        _require_policy(cancellation.cover)
        _require_known(cancellation.cover)
        if cancellation.refund_money is None:
            raise DecisionRefused(
                DecisionCode.NOT_PREVIEWED, "XCover was not asked what it refunds. Ask it first."
            )
        if cancellation.refund_money != refund:
            raise DecisionRefused(
                DecisionCode.REFUND_CHANGED,
                f"XCover would refund {cancellation.refund_money}, not {refund}. Decide again.",
            )
        _drop_parked(cancellation, now)
        effects.apply(cancellation.cover, effects.COVER_CANCELLING, now)
        before = cancellation.confirm_before
        is_fresh = cancellation.xcover_cancellation_id and before is not None and now < before
        if is_fresh:
            effects.apply(
                cancellation,
                effects.CANCELLATION_CONFIRMING,
                now,
                approved_refund=refund.amount,
            )
            begin_confirmation(cancellation, now)
        else:
            ask_again(cancellation, now, approved_refund=refund.amount)
        return cancellation


def keep(cancellation_id: int, now: datetime, *, asked_xcover: bool = False) -> Cancellation:
    """Close a cancellation that waits for a decision and leave the policy in force.

    ``asked_xcover`` states that Cover Genius confirmed the policy to be in force. Raise
    ``DecisionRefused`` if the cancellation does not wait for a decision, or, without
    ``asked_xcover``, if XCover may have cancelled the policy already.
    """
    with _locked_cancellation(cancellation_id) as cancellation:
        _require_waiting(cancellation)
        if not asked_xcover:
            _require_known(cancellation.cover)
        sentence = "Staff decided to keep the policy."
        _drop_parked(cancellation, now)
        effects.apply(cancellation, effects.CANCELLATION_KEPT_BY_STAFF, now, sentence)
        return cancellation


def note_claim(order_id: uuid.UUID, claim: ClaimState, now: datetime) -> Cover:
    """Record the state of claims on a policy, and judge waiting cancellations again.

    Raise ``DecisionRefused`` if the order has no cover.
    """
    with _locked_cover(order_id) as cover:
        if cover.claim == claim.value:
            return cover
        cover.save_fields(now, claim=claim.value)
        effects.add_note(order_id, f"claim on the policy: {claim.value}.")
        order = orders.read(order_id)
        if order is not None and cover.status == CoverStatus.CONFIRMED:
            refund_judgement.judge_again(cover, order, now)
        return cover


@contextmanager
def _locked_cover(order_id: uuid.UUID) -> Iterator[Cover]:
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None:
            raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
        yield cover


@contextmanager
def _locked_cancellation(cancellation_id: int) -> Iterator[Cancellation]:
    if not Cancellation.objects.filter(pk=cancellation_id).exists():
        raise DecisionRefused(DecisionCode.CANCELLATION_NOT_FOUND, "There is no such cancellation.")
    with transaction.atomic():
        yield lock_cancellation(cancellation_id)


def _require_policy(cover: Cover) -> None:
    if cover.status == CoverStatus.CANCELLING:
        raise DecisionRefused(
            DecisionCode.UNDER_WAY, "XCover is being asked already. Look again in a minute."
        )
    if cover.status != CoverStatus.CONFIRMED:
        raise DecisionRefused(
            DecisionCode.NO_POLICY, f"There is no policy in force: the cover is {cover.status}."
        )


def _require_known(cover: Cover) -> None:
    """Raise ``DecisionRefused`` while it is unknown whether XCover cancelled the policy."""
    if may_be_cancelled(cover):
        raise DecisionRefused(
            DecisionCode.OUTCOME_UNKNOWN,
            "XCover may have cancelled this policy already: the answer to that was lost. Have it "
            f'looked up first ("{BUTTONS[CaseAction.RETRY]}"). Where Cover Genius says that the '
            f'policy is in force: "{BUTTONS[CaseAction.KEEP]}", saying so, then decide.',
        )


def _require_waiting(cancellation: Cancellation) -> None:
    if cancellation.status != CancellationStatus.PARKED:
        raise DecisionRefused(
            DecisionCode.NOT_WAITING,
            f"Nothing waits for a decision: the cancellation is {cancellation.status}.",
        )


def _drop_parked(cancellation: Cancellation, now: datetime) -> None:
    """Drop the parked messages of a cancellation, so that they are not sent any more."""
    outbox.drop_parked(CANCELLATION_KINDS, cancellation.pk, "A person decided otherwise.", now)
