"""The closed lists of the API. On the wire each value is in upper case, else as in our tables.

Resolvers return values as the tables hold them. One that is not in its list (a row that another
version wrote) is null, as ``known`` returns it: a value that cannot be told must not take the rest
of the answer with it. So every field that shows a stored value is nullable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import graphene

from ..domain import alarms, cases, messages, reasons
from ..domain.alarms import AlarmCode
from ..domain.cancellations import CLAIM_SENTENCES, RULE_SENTENCES, ClaimState
from ..domain.cases import CaseAction, CaseKind
from ..domain.messages import MessageKind
from ..domain.product_rules import Choice
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending
from ..domain.states import CancellationStatus, CoverStatus, EventChangeKind, EventRunStatus
from ..errors import SENTENCES, Code
from ..operations.doctor import Severity
from ..staff import case_actions, decisions, evidence
from ..staff.decisions import DecisionCode
from .advice import COVERS

NULL_IF_NEWER = "Null: a value of a newer version."
"""Describes a field whose value goes through ``known``."""


def known(values: Iterable[str], value: str) -> str | None:
    """Return a stored value that is in the list; None for an empty or an unknown one."""
    return value if value in list(values) else None


def _enum(
    name: str,
    values: Iterable[str],
    description: str,
    sentences: Mapping[Any, str] = MappingProxyType({}),
) -> Any:
    """Make the GraphQL type of a closed list; ``sentences`` describe single values."""
    return graphene.Enum(
        name,
        [(value.upper(), str(value)) for value in values],
        description=lambda member: sentences.get(member.value) if member else description,
    )


InsuranceErrorCode = _enum(
    "InsuranceErrorCode",
    Code,
    "Why there is no offer, or why an answer was not taken. New versions may add values: treat "
    "one you do not know like INTERNAL.",
    {code: sentences.shopper for code, sentences in SENTENCES.items()},
)
InsuranceAnswer = _enum(
    "InsuranceAnswer",
    ("accepted", "declined"),
    "What the shopper said to an offer.",
    {
        "accepted": "Yes: the cover line is in the checkout.",
        "declined": "No: the tickets are bought without it.",
    },
)
InsuranceChoice = _enum(
    "InsuranceChoice",
    Choice,
    "How the quotes of a group go together.",
    {
        Choice.ALTERNATIVES: "Several quotes of which at most one may be chosen.",
        Choice.ADD_ONS: "Each quote may be chosen by itself.",
    },
)
InsuranceCoverStatus = _enum(
    "InsuranceCoverStatus", CoverStatus, "What became of the protection of an order.", COVERS
)
InsuranceCancellationStatus = _enum(
    "InsuranceCancellationStatus",
    CancellationStatus,
    "How far a cancellation is.",
    {
        CancellationStatus.REQUESTED: "XCover is asked what it would refund.",
        CancellationStatus.CONFIRMING: "XCover is told to cancel the policy.",
        CancellationStatus.CANCELLED: "The policy is cancelled.",
        CancellationStatus.PARKED: "It waits for a decision of staff.",
        CancellationStatus.KEPT: "The policy stays in force.",
    },
)
InsuranceCancellationRule = _enum(
    "InsuranceCancellationRule",
    RULE_SENTENCES,
    "Which row of the table in docs/cancellations.md decided about a refund. New versions may add "
    "values.",
    RULE_SENTENCES,
)
InsuranceClaim = _enum(
    "InsuranceClaim",
    ClaimState,
    "What staff know of insurance claims on a policy; XCover does not tell.",
    CLAIM_SENTENCES,
)
InsuranceMessageKind = _enum(
    "InsuranceMessageKind", MessageKind, "What a message asks of XCover.", messages.SENTENCES
)
InsuranceReasonCode = _enum(
    "InsuranceReasonCode",
    ReasonCode,
    "Why something waits for a person, or why there is no policy; docs/operations.md says for "
    "each what to do. New versions may add values.",
    reasons.SENTENCES,
)
InsuranceSending = _enum(
    "InsuranceSending",
    (Sending.NEVER_SENT, Sending.DEFINITELY_REFUSED, Sending.OUTCOME_UNKNOWN),
    "Whether XCover may have carried out a message that waits.",
    {
        Sending.NEVER_SENT: "No attempt has left this server.",
        Sending.DEFINITELY_REFUSED: "Attempts have left, and XCover carried out none of them.",
        Sending.OUTCOME_UNKNOWN: "An attempt may have been carried out: its answer is not known.",
    },
)
InsuranceShownAnswer = _enum(
    "InsuranceShownAnswer",
    evidence.ANSWERS,
    "What the buyer said to an offer that was shown.",
    evidence.ANSWERS,
)
InsuranceCaseKind = _enum(
    "InsuranceCaseKind", CaseKind, "What waits for a person.", cases.SENTENCES
)
InsuranceCaseAction = _enum(
    "InsuranceCaseAction",
    CaseAction,
    "What staff may do about a case, and the mutation that does it. New versions may add values.",
    case_actions.SENTENCES,
)

InsuranceAlarmCode = _enum(
    "InsuranceAlarmCode",
    AlarmCode,
    "What is wrong; docs/operations.md says for each what to do. New versions may add values.",
    alarms.MEANINGS,
)
InsuranceSeverity = _enum(
    "InsuranceSeverity",
    Severity,
    "How bad a finding is.",
    {
        Severity.FINE: "All is well.",
        Severity.WARNING: "Sales go on, but staff should look at it.",
        Severity.PROBLEM: "Something that a shopper or an order needs does not work.",
        Severity.SKIPPED: "It was not checked.",
    },
)
InsuranceEventChange = _enum(
    "InsuranceEventChange",
    EventChangeKind,
    "What an organiser did with an event.",
    {
        EventChangeKind.CANCELLED: "The event does not take place.",
        EventChangeKind.MOVED: "It begins at another time.",
        EventChangeKind.TAKES_PLACE: "It takes place as it was sold, after all.",
    },
)
InsuranceEventRunStatus = _enum(
    "InsuranceEventRunStatus",
    EventRunStatus,
    "How far the work on all policies of an event is.",
    {
        EventRunStatus.ASKING: "XCover is asked what cancelling each policy would refund.",
        EventRunStatus.ASKED: "Staff have to approve what XCover would refund.",
        EventRunStatus.CANCELLING: "The policies with an approved refund are being cancelled.",
        EventRunStatus.TELLING: "The orders are being told.",
        EventRunStatus.DONE: "Nothing is left to do.",
        EventRunStatus.WITHDRAWING: "Staff decided against it; what waits is being closed.",
        EventRunStatus.WITHDRAWN: "Staff decided against it, and nothing waits because of it.",
    },
)

PERMISSION_DENIED = "permission_denied"
BUSY = "busy"
INTERNAL = "internal"
BUSY_SENTENCE = "Another database session holds what this needs; try again."
FAILED_SENTENCE = "It failed; the log says why."

InsuranceDecisionCode = _enum(
    "InsuranceDecisionCode",
    (*DecisionCode, PERMISSION_DENIED, BUSY, INTERNAL),
    "Why staff were refused; docs/cancellations.md says for each what to do. New versions may add "
    "values: treat one you do not know like INTERNAL.",
    {
        **decisions.SENTENCES,
        PERMISSION_DENIED: "The token lacks MANAGE_ORDERS for this channel.",
        BUSY: BUSY_SENTENCE,
        INTERNAL: FAILED_SENTENCE,
    },
)
