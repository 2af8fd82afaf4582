"""Cases: single things that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CaseKind(StrEnum):
    """What waits."""

    POLICY = "policy"
    CANCELLATION = "cancellation"
    DUE = "due"
    CHANGE = "change"
    CALL = "call"


SENTENCES: Mapping[CaseKind, str] = {
    CaseKind.POLICY: "A cover that was sold, and of which no policy is made until staff decide.",
    CaseKind.CANCELLATION: "A refund: staff decide if the policy is cancelled because of it.",
    CaseKind.DUE: "Money that the store owes a buyer for the protection.",
    CaseKind.CHANGE: "A change of the buyer's details that did not reach the policy.",
    CaseKind.CALL: "Another call to XCover that was stopped, such as an opt-out.",
}
"""Sentences that tell staff what each kind of case is."""


class CaseAction(StrEnum):
    """What staff may do about a case."""

    APPROVE = "approve"
    KEEP = "keep"
    ASK = "ask"
    RETRY = "retry"
    COMPLETE = "complete"
    DO_NOT_MAKE = "do_not_make"
    MAKE_AFTER_ALL = "make_after_all"
    TAKE_OVER = "take_over"
    GIVEN_BACK = "given_back"


BUTTONS: Mapping[CaseAction, str] = {
    CaseAction.APPROVE: "Cancel the policy",
    CaseAction.KEEP: "Keep the policy",
    CaseAction.ASK: "Ask XCover again",
    CaseAction.RETRY: "Try again",
    CaseAction.COMPLETE: "Complete the details",
    CaseAction.DO_NOT_MAKE: "Make no policy",
    CaseAction.MAKE_AFTER_ALL: "Make it after all",
    CaseAction.TAKE_OVER: "Take over a policy",
    CaseAction.GIVEN_BACK: "Mark as given back",
}
"""What the desk's buttons say. Sentences name them; docs/desk.md has the command beside each."""
ASK_ABOUT_POLICY = "What would cancelling refund?"
"""The button beside a policy of which nothing waits."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """The position of a case in the list."""

    rank: int
    """0 if money is at stake, else 1."""
    since: datetime
    """Since when it waits (UTC)."""
    kind: str
    key: int
    """Primary key of the row that waits; ``kind`` says of which model."""

    @property
    def case_id(self) -> str:
        """Return the id of the case, such as ``cancellation-17``."""
        return f"{self.kind}-{self.key}"
