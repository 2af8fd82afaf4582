"""From refund to cancellation: closed tables, first before and then after XCover's preview.

XCover restricts cancelling ticket protection and refunds it only inside the cooling-off period
(XCover docs, events and tickets FAQ). What no row allows goes to a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .money import Money


class RefundScope(StrEnum):
    """What was given back to the buyer."""

    EVERYTHING = "everything"
    PART = "part"
    NOTHING = "nothing"


class Verdict(StrEnum):
    REQUEST = "request"
    CONFIRM = "confirm"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class _Rule:
    scope: RefundScope
    is_before_event: bool
    judgement: Judgement


_RULES = (
    _Rule(
        RefundScope.EVERYTHING,
        True,
        Judgement(
            Verdict.REQUEST,
            "The whole order was refunded before the event; XCover is asked what it refunds.",
        ),
    ),
    _Rule(
        RefundScope.EVERYTHING,
        False,
        Judgement(
            Verdict.REVIEW,
            "The whole order was refunded after the event began. The policy stays in force; "
            "decide with XCover whether it can be cancelled.",
        ),
    ),
    _Rule(
        RefundScope.PART,
        True,
        Judgement(
            Verdict.REVIEW,
            "Only part of the order was refunded. The policy covers all tickets together and "
            "stays in force; decide whether to cancel it.",
        ),
    ),
    _Rule(
        RefundScope.PART,
        False,
        Judgement(
            Verdict.REVIEW,
            "Part of the order was refunded after the event began. The policy stays in force.",
        ),
    ),
    _Rule(
        RefundScope.NOTHING,
        True,
        Judgement(
            Verdict.REVIEW,
            "The order was cancelled but not refunded. The policy stays in force; refund the "
            "order or decide whether to cancel the policy.",
        ),
    ),
)

_NO_RULE = Judgement(
    Verdict.REVIEW, "No rule allows a cancellation here. The policy stays in force; decide by hand."
)


def judge_refund(scope: RefundScope, *, is_before_event: bool) -> Judgement:
    """Say whether XCover may be asked to cancel after a refund of ``scope``."""
    for rule in _RULES:
        if (rule.scope, rule.is_before_event) == (scope, is_before_event):
            return rule.judgement
    return _NO_RULE


@dataclass(frozen=True, slots=True)
class Preview:
    """XCover's answer to a cancellation preview, in our words."""

    refund: Money
    refund_amounts_agree: bool
    cooling_off_until: datetime | None
    confirm_before: datetime
    is_refunded_by_xcover: bool


def judge_preview(preview: Preview, premium: Money, now: datetime) -> Judgement:
    """Say whether the previewed cancellation may be confirmed without a person.

    Only a refund of exactly the premium, inside the cooling-off period XCover named, by the
    store (XCover's automatic-refund flags off), with amounts that agree.
    """
    if preview.is_refunded_by_xcover:
        return Judgement(
            Verdict.REVIEW,
            "XCover says it refunds this buyer itself. Make sure the premium is not refunded "
            "twice, then decide.",
        )
    if preview.refund.amount <= 0:
        return Judgement(
            Verdict.REVIEW,
            "XCover would end the policy without any refund. Ask the buyer before you decide.",
        )
    if not preview.refund_amounts_agree or preview.refund != premium:
        return Judgement(
            Verdict.REVIEW,
            f"XCover would refund {preview.refund}, but the buyer paid a premium of {premium}. "
            "Decide by hand.",
        )
    if preview.cooling_off_until is None or now > preview.cooling_off_until:
        return Judgement(
            Verdict.REVIEW,
            "The cooling-off period is over or XCover did not name it. Decide by hand.",
        )
    if now >= preview.confirm_before:
        return Judgement(
            Verdict.REVIEW, "The preview has lapsed before it could be confirmed. Ask again."
        )
    return Judgement(
        Verdict.CONFIRM,
        f"XCover refunds the whole premium of {premium} inside the cooling-off period.",
    )
