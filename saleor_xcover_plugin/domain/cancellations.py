"""Decide what a refund means for the policy: a table before XCover's preview, and rules after it.

XCover restricts the cancellation of ticket protection and refunds it only inside the cooling-off
period. Source: https://docs.covergenius.com/xcover/faqs/events-tickets-faqs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .money import Money
from .refund_attribution import RefundScope


class Verdict(StrEnum):
    """The next step for the policy after a refund."""

    REQUEST = "request"
    """Preview the cancellation; confirm it if XCover refunds the whole premium in cooling-off."""
    PREVIEW = "preview"
    """Preview the cancellation; a person confirms it or keeps the policy."""
    REVIEW = "review"
    """Let a person decide; XCover is not called."""
    KEEP = "keep"
    """Leave the policy in force; there is nothing to decide."""
    CONFIRM = "confirm"
    """Confirm the previewed cancellation; a verdict of ``judge_preview`` only."""


class CoolingOff(StrEnum):
    """The time of a refund, relative to the end of the cooling-off period."""

    INSIDE = "inside"
    OVER = "over"
    UNKNOWN = "unknown"


class ClaimState(StrEnum):
    """State of the insurance claims on a policy, as recorded by staff.

    The Offers API does not report claims: https://docs.covergenius.com/xcover/claim
    """

    UNKNOWN = "unknown"
    NONE = "none"
    OPEN = "open"
    PAID = "paid"


CLAIM_SENTENCES: Mapping[ClaimState, str] = {
    ClaimState.UNKNOWN: "Nobody has told; refunds are judged as if there were none.",
    ClaimState.NONE: "There is no claim.",
    ClaimState.OPEN: "A claim is being looked at: whether to cancel the policy a person decides.",
    ClaimState.PAID: "XCover paid a claim: whether to cancel the policy a person decides.",
}
"""Sentences that tell staff what each state means."""


class Cancelled(StrEnum):
    """The share of the insured events that the organiser cancelled."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts a judgement depends on."""

    scope: RefundScope
    is_before_event: bool
    """True if the first insured event has not begun."""
    cooling_off: CoolingOff
    cancelled: Cancelled
    claim: ClaimState


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason, a sentence for staff."""

    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. A condition that is None fits every situation."""

    name: str
    verdict: Verdict
    sentence: str
    scopes: frozenset[RefundScope] | None = None
    is_before_event: bool | None = None
    cooling_off: frozenset[CoolingOff] | None = None
    cancelled: frozenset[Cancelled] | None = None
    claims: frozenset[ClaimState] | None = None

    def fits(self, situation: Situation) -> bool:
        """Return True if all conditions of the row are met."""
        return all(
            (
                self.scopes is None or situation.scope in self.scopes,
                self.is_before_event in (None, situation.is_before_event),
                self.cooling_off is None or situation.cooling_off in self.cooling_off,
                self.cancelled is None or situation.cancelled in self.cancelled,
                self.claims is None or situation.claim in self.claims,
            )
        )


_IN_TIME = frozenset({CoolingOff.INSIDE, CoolingOff.UNKNOWN})
_OVER = frozenset({CoolingOff.OVER})
_ALL = frozenset({Cancelled.ALL})


def _only(*scopes: RefundScope) -> frozenset[RefundScope]:
    return frozenset(scopes)


RULES = (
    Rule(
        "claim_open",
        Verdict.REVIEW,
        "A claim on the policy is open. The policy stays in force: cancelling it could cost the "
        "buyer the claim. Decide with Cover Genius.",
        claims=frozenset({ClaimState.OPEN}),
    ),
    Rule(
        "claim_paid",
        Verdict.REVIEW,
        "XCover paid a claim on the policy. It stays in force; make sure that the buyer is not "
        "paid twice.",
        claims=frozenset({ClaimState.PAID}),
    ),
    Rule(
        "chargeback",
        Verdict.REVIEW,
        "The buyer's bank took the payment back. The policy stays in force; contest the payment "
        "or decide with Cover Genius.",
        scopes=_only(RefundScope.CHARGEBACK),
    ),
    Rule(
        "short",
        Verdict.REVIEW,
        "Tickets or protection worth {cost} were named in refunds, but only {back} went back for "
        "them. The policy stays in force; decide whether to cancel it.",
        scopes=_only(RefundScope.SHORT),
        cancelled=frozenset({Cancelled.NONE, Cancelled.SOME}),
    ),
    Rule(
        "event_cancelled_refunded",
        Verdict.REQUEST,
        "The organiser cancelled the event and the protection was refunded with the order; XCover "
        "is asked what it refunds.",
        scopes=_only(RefundScope.EVERYTHING, RefundScope.COVER),
        cancelled=_ALL,
    ),
    Rule(
        "event_cancelled",
        Verdict.PREVIEW,
        "The organiser cancelled the event. XCover is asked what it would refund; confirm the "
        "cancellation or keep the policy.",
        cancelled=_ALL,
    ),
    Rule(
        "some_events_cancelled",
        Verdict.REVIEW,
        "The organiser cancelled one of the insured events. The policy covers the others too and "
        "stays in force; ask Cover Genius what the buyer gets for the cancelled one, then keep the "
        "policy or have it cancelled.",
        scopes=_only(
            RefundScope.NOTHING,
            RefundScope.MONEY,
            RefundScope.SOME_TICKETS,
        ),
        cancelled=frozenset({Cancelled.SOME}),
    ),
    Rule(
        "everything",
        Verdict.REQUEST,
        "All insured tickets and the protection were refunded before the event; XCover is asked "
        "what it refunds.",
        scopes=_only(RefundScope.EVERYTHING),
        is_before_event=True,
        cooling_off=_IN_TIME,
    ),
    Rule(
        "everything_late",
        Verdict.PREVIEW,
        "All insured tickets and the protection were refunded before the event, but after the "
        "cooling-off period. XCover is asked what it would refund; cancel the policy "
        "or keep it.",
        scopes=_only(RefundScope.EVERYTHING),
        is_before_event=True,
        cooling_off=_OVER,
    ),
    Rule(
        "everything_after",
        Verdict.REVIEW,
        "All insured tickets and the protection were refunded after the event began. The policy "
        "stays in force; decide with XCover whether it can be cancelled.",
        scopes=_only(RefundScope.EVERYTHING),
        is_before_event=False,
    ),
    Rule(
        "cover",
        Verdict.REQUEST,
        "The protection was refunded before the event; XCover is asked what it refunds.",
        scopes=_only(RefundScope.COVER),
        is_before_event=True,
        cooling_off=_IN_TIME,
    ),
    Rule(
        "cover_late",
        Verdict.PREVIEW,
        "The protection was refunded after the cooling-off period. XCover is asked what it would "
        "refund; cancel the policy or keep it.",
        scopes=_only(RefundScope.COVER),
        is_before_event=True,
        cooling_off=_OVER,
    ),
    Rule(
        "cover_after",
        Verdict.REVIEW,
        "The protection was refunded after the event began. The policy stays in force; decide "
        "with XCover whether it can be cancelled.",
        scopes=_only(RefundScope.COVER),
        is_before_event=False,
    ),
    Rule(
        "tickets",
        Verdict.PREVIEW,
        "All insured tickets were refunded, their protection was not. XCover is asked what it "
        "would refund; cancel the policy or keep it.",
        scopes=_only(RefundScope.TICKETS),
        is_before_event=True,
    ),
    Rule(
        "tickets_after",
        Verdict.REVIEW,
        "All insured tickets were refunded after the event began, their protection was not. The "
        "policy stays in force; decide with XCover whether it can be cancelled.",
        scopes=_only(RefundScope.TICKETS),
        is_before_event=False,
    ),
    Rule(
        "some_tickets",
        Verdict.REVIEW,
        "Only part of the order was refunded. The policy covers all tickets together and stays in "
        "force; decide whether to cancel it.",
        scopes=_only(RefundScope.SOME_TICKETS),
        is_before_event=True,
    ),
    Rule(
        "some_tickets_after",
        Verdict.KEEP,
        "Some of the insured tickets were refunded after the event began. The policy stays in "
        "force.",
        scopes=_only(RefundScope.SOME_TICKETS),
        is_before_event=False,
    ),
    Rule(
        "money",
        Verdict.REVIEW,
        "Only part of the order was refunded, and not for named lines. The policy covers all "
        "tickets together and stays in force; decide whether to cancel it.",
        scopes=_only(RefundScope.MONEY),
        is_before_event=True,
    ),
    Rule(
        "money_after",
        Verdict.KEEP,
        "Part of the order was refunded after the event began. The policy stays in force.",
        scopes=_only(RefundScope.MONEY),
        is_before_event=False,
    ),
    Rule(
        "order_cancelled",
        Verdict.PREVIEW,
        "The order was cancelled but not refunded. XCover is asked what it would refund; refund "
        "the order, cancel the policy or keep it.",
        scopes=_only(RefundScope.NOTHING),
        is_before_event=True,
    ),
    Rule(
        "order_cancelled_after",
        Verdict.REVIEW,
        "The order was cancelled after the event began, but not refunded. The policy stays in "
        "force.",
        scopes=_only(RefundScope.NOTHING),
        is_before_event=False,
    ),
)
"""The table. The first row that fits decides; there is one for every situation."""

ALL_CANCELLED_RULES = tuple(rule.name for rule in RULES if rule.cancelled == _ALL)
"""Names of the rows that fit because the organiser cancelled every insured event."""

STAFF_RULE = "staff"
"""Stands for a row where staff began a cancellation themselves, so that no row decided."""

RULE_SENTENCES: Mapping[str, str] = {
    rule.name: rule.sentence.format(cost="one amount", back="a smaller one") for rule in RULES
} | {STAFF_RULE: "Staff ask XCover what it would refund."}
"""The sentences for staff, without sums, by every name a cancellation's rule may have."""


def rule_for(situation: Situation) -> Rule:
    """Return the first row that fits. Raise ``LookupError`` if there is none, which is a defect."""
    for rule in RULES:
        if rule.fits(situation):
            return rule
    raise LookupError(f"no rule for {situation}")


def cooling_off_at(now: datetime, until: datetime | None) -> CoolingOff:
    """Compare ``now`` with the end of the cooling-off period, None if it is not known."""
    if until is None:
        return CoolingOff.UNKNOWN
    return CoolingOff.INSIDE if now <= until else CoolingOff.OVER


@dataclass(frozen=True, slots=True)
class Preview:
    """XCover's preview of a cancellation."""

    refund: Money
    """The smallest refund that the response names."""
    refund_amounts_agree: bool
    """True if all refund amounts of the response are equal."""
    cooling_off_until: datetime | None
    """End of the cooling-off period; None if XCover does not name it."""
    confirm_before: datetime
    """When the preview lapses."""
    is_refunded_by_xcover: bool
    """True if XCover pays the buyer itself, so that the store owes nothing."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval of one exact refund."""

    refund: Money
    is_refunded_by_xcover: bool | None
    """True if XCover was to pay it to the buyer; None in approvals of an earlier version."""


def judge_preview(
    preview: Preview,
    premium: Money,
    now: datetime,
    *,
    needs_person: bool = False,
    approved: Approval | None = None,
) -> Judgement:
    """Decide if the previewed cancellation may be confirmed: ``CONFIRM`` or ``REVIEW``.

    Without an approval it is confirmed only if XCover refunds exactly the premium, all amounts of
    the response agree, the cooling-off period that XCover named is not over, the store pays the
    refund, and the table does not require a person (``needs_person``). With an approval it is
    confirmed if refund and payer are those approved. A lapsed preview is never confirmed.
    """
    if now >= preview.confirm_before:
        return Judgement(
            Verdict.REVIEW, "The preview has lapsed before it could be confirmed. Ask again."
        )
    if approved is not None:
        return _judge_approved(preview, approved)
    obstacle = _obstacle(preview, premium, now)
    if obstacle:
        return Judgement(Verdict.REVIEW, obstacle)
    if needs_person:
        return Judgement(
            Verdict.REVIEW,
            f"XCover would refund the whole premium of {premium} to the store. Confirm the "
            "cancellation or keep the policy.",
        )
    return Judgement(
        Verdict.CONFIRM,
        f"XCover refunds the whole premium of {premium} to the store, inside the cooling-off "
        "period.",
    )


def _judge_approved(preview: Preview, approved: Approval) -> Judgement:
    """Confirm what a person approved if the preview has not changed since."""
    if approved.refund != preview.refund:
        return Judgement(
            Verdict.REVIEW,
            f"XCover would now refund {preview.refund}, not the approved {approved.refund}. "
            "Decide again.",
        )
    if preview.is_refunded_by_xcover != bool(approved.is_refunded_by_xcover):
        changed = (
            _refunded_by_xcover(preview.refund)
            if preview.is_refunded_by_xcover
            else f"XCover would no longer refund {preview.refund} to the buyer itself: the store "
            "would owe it. Decide again."
        )
        return Judgement(Verdict.REVIEW, changed)
    return Judgement(Verdict.CONFIRM, f"Staff approved a refund of {approved.refund}.")


def _refunded_by_xcover(refund: Money) -> str:
    return (
        f"XCover says it refunds {refund} to the buyer itself: the store owes nothing for the "
        "protection. Confirm the cancellation or keep the policy; where the store has refunded "
        "the protection already, settle that with Cover Genius first."
    )


def _obstacle(preview: Preview, premium: Money, now: datetime) -> str:
    """Return the reason not to confirm a cancellation without a person, or ''."""
    if preview.refund.amount <= 0:
        return "XCover would end the policy without any refund. Ask the buyer before you decide."
    if preview.is_refunded_by_xcover:
        return _refunded_by_xcover(preview.refund)
    if not preview.refund_amounts_agree or preview.refund != premium:
        return (
            f"XCover would refund {preview.refund}, but the buyer paid a premium of {premium}. "
            "Decide by hand."
        )
    if preview.cooling_off_until is None or now > preview.cooling_off_until:
        return "The cooling-off period is over or XCover did not name it. Decide by hand."
    return ""
