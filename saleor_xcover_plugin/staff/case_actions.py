"""Say what staff may do about a case, and what each action will do, before they choose it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..domain.cases import CaseAction, CaseKind
from ..domain.messages import MessageKind
from ..domain.money import Money
from ..domain.reasons import ReasonCode
from ..host import orders
from ..models import Cancellation, Cover
from ..policies.cancellations import may_be_cancelled
from ..policies.unmade_covers import went_unknown
from .given_back import DECIDED
from .worklist import Case

SENTENCES: Mapping[CaseAction, str] = {
    CaseAction.APPROVE: "insuranceApproveCancellation: cancel the policy for the refund shown.",
    CaseAction.KEEP: "insuranceKeepPolicy: leave the policy in force.",
    CaseAction.ASK: "insuranceAskCancellation: have XCover asked what it would refund.",
    CaseAction.RETRY: "insuranceRetry: make the call to XCover again.",
    CaseAction.COMPLETE: "insuranceCompletePolicyholder: fill in the buyer's missing details.",
    CaseAction.DO_NOT_MAKE: "insuranceDoNotMakePolicy: make no policy.",
    CaseAction.MAKE_AFTER_ALL: "insuranceMakePolicyAfterAll: take that back.",
    CaseAction.TAKE_OVER: "insuranceTakeOverPolicy: record the policy Cover Genius named.",
    CaseAction.GIVEN_BACK: "insuranceMarkGivenBack: what was due went back in another way.",
}
"""The mutation that carries out each action, and what it does."""


@dataclass(frozen=True, slots=True)
class PossibleAction:
    """One thing staff may do about a case."""

    action: CaseAction
    effect: str
    """What it will do, in a sentence or two."""
    asks_xcover_first: bool = False
    """True if staff must have asked Cover Genius before, and say so."""
    is_final: bool = False
    """True if it cannot be undone."""


def actions_of(case: Case, now: datetime) -> list[PossibleAction]:
    """Return what staff may do about a case, the most likely first; ``now`` is in UTC."""
    cover, has_call = case.cover, case.message is not None
    if case.kind == CaseKind.CANCELLATION and case.cancellation is not None:
        return list(_of_cancellation(case.cancellation, has_call=has_call, now=now))
    if case.kind == CaseKind.POLICY and cover is not None:
        return list(_of_policy(cover, has_call=has_call))
    if case.kind == CaseKind.DUE and cover is not None:
        return list(_settling(cover))
    if case.message is not None:
        return [PossibleAction(CaseAction.RETRY, _EFFECTS.get(case.message.kind, _ANY_CALL))]
    return []


def missing_details(cover: Cover) -> list[str]:
    """Return the names of the buyer's details that the policy needs and the order lacks."""
    order = orders.read(cover.order_id)
    return list(order.policyholder.missing_fields()) if order is not None else []


def _of_cancellation(
    cancellation: Cancellation, *, has_call: bool, now: datetime
) -> Iterator[PossibleAction]:
    cover = cancellation.cover
    if may_be_cancelled(cover):
        if has_call:
            yield PossibleAction(
                CaseAction.RETRY,
                f"Policy {cover.booking_id} is looked up at XCover. If it is not cancelled there, "
                "the call is made again under its key.",
            )
        yield PossibleAction(
            CaseAction.KEEP,
            f"Policy {cover.booking_id} counts as in force, and nothing waits any more. Only where "
            "Cover Genius says that it is in force.",
            asks_xcover_first=True,
        )
        return
    refund = cancellation.refund_money
    if refund is not None:
        yield PossibleAction(
            CaseAction.APPROVE, _approval(cancellation, refund, now), is_final=True
        )
    yield PossibleAction(
        CaseAction.ASK, "XCover is asked what cancelling would refund. Nothing is cancelled."
    )
    yield PossibleAction(
        CaseAction.KEEP, f"Policy {cover.booking_id} stays in force, and nothing waits any more."
    )


def _approval(cancellation: Cancellation, refund: Money, now: datetime) -> str:
    whom = "the buyer itself" if cancellation.xcover_refunds_buyer else "the store"
    before = cancellation.confirm_before
    renewal = (
        " The preview has lapsed: XCover is asked again first, and the policy is cancelled only if "
        "it names the same refund."
        if before is None or now >= before
        else ""
    )
    return (
        f"XCover cancels policy {cancellation.cover.booking_id} and refunds {refund} to {whom}. "
        f"It cannot be undone.{renewal}"
    )


def _of_policy(cover: Cover, *, has_call: bool) -> Iterator[PossibleAction]:
    if cover.reason_code == ReasonCode.POLICYHOLDER_INCOMPLETE:
        yield PossibleAction(
            CaseAction.COMPLETE,
            "The details are written into the order, and XCover is asked for the policy.",
        )
    if cover.reason_code == ReasonCode.NOT_WANTED:
        yield PossibleAction(
            CaseAction.MAKE_AFTER_ALL, "The decision is taken back: XCover is asked for the policy."
        )
    if has_call:
        yield PossibleAction(
            CaseAction.RETRY,
            "The order is judged again, and XCover is asked for the policy if it may be made.",
        )
    yield PossibleAction(
        CaseAction.DO_NOT_MAKE,
        "No policy is made. What the buyer paid for the protection is due back; the plugin moves "
        "no money.",
        asks_xcover_first=went_unknown(cover),
        is_final=True,
    )
    yield PossibleAction(
        CaseAction.TAKE_OVER,
        "XCover is asked for the policy whose number Cover Genius gave you. It is recorded if it "
        "is this order's.",
        asks_xcover_first=True,
    )


def _settling(cover: Cover) -> Iterator[PossibleAction]:
    due = Money(cover.amount_due_back, cover.currency)
    if due.amount and cover.status in DECIDED:
        yield PossibleAction(
            CaseAction.GIVEN_BACK,
            f"{due} counts as given back to the buyer. No money is moved: use it for money that "
            "went back without a refund in Saleor.",
        )


_ANY_CALL = "The call is made again."
_EFFECTS: Mapping[str, str] = {
    MessageKind.CONFIRM: "XCover is asked for the policy again, under the same key.",
    MessageKind.PREVIEW_CANCELLATION: "XCover is asked again what cancelling would refund.",
    MessageKind.CONFIRM_CANCELLATION: (
        "The cancellation is sent again under its key; one that XCover carried out is found."
    ),
    MessageKind.PREVIEW_MODIFICATION: "XCover is asked again what the change would cost.",
    MessageKind.CONFIRM_MODIFICATION: "The change is sent again, if it is still needed.",
    MessageKind.OPT_OUT: "XCover is told again that the tickets were bought without protection.",
}
"""What making a call again will do."""
