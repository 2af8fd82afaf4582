"""GraphQL types of what staff see."""

from __future__ import annotations

from typing import Any

import graphene

from ..domain.cancellations import RULE_SENTENCES, ClaimState
from ..domain.messages import MessageKind
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending
from ..domain.states import CancellationStatus, CoverStatus
from ..models import Cancellation, Cover, OutboxMessage
from ..staff import cover_list
from .enums import (
    NULL_IF_NEWER,
    InsuranceCancellationRule,
    InsuranceCancellationStatus,
    InsuranceClaim,
    InsuranceCoverStatus,
    InsuranceDecisionCode,
    InsuranceMessageKind,
    InsuranceReasonCode,
    InsuranceSending,
    known,
)
from .types import InsuranceMoney, errors_field, money


class StaffError(graphene.ObjectType):
    """Why nothing was changed."""

    class Meta:
        name = "InsuranceStaffError"

    code = graphene.Field(
        InsuranceDecisionCode, required=True, description="The reason, for programs."
    )
    message = graphene.String(required=True, description="What happened and what to do.")


class StaffCancellation(graphene.ObjectType):
    """One refund of an order and what became of its policy because of it."""

    class Meta:
        name = "InsuranceCancellation"

    id = graphene.ID(required=True, description="Names it when it is approved or the policy kept.")
    status = graphene.Field(
        InsuranceCancellationStatus, description=f"How far it is. {NULL_IF_NEWER}"
    )
    rule = graphene.Field(
        InsuranceCancellationRule,
        description=f"Which row decided. {NULL_IF_NEWER}",
    )
    sentence = graphene.String(required=True, description="What it waits for, or why it ended.")
    refund = graphene.Field(InsuranceMoney, description="What XCover would refund, once asked.")
    xcover_refunds_buyer = graphene.Boolean(
        description="True: XCover pays the refund to the buyer itself, and the store owes nothing "
        "for the protection. Null: XCover was not asked yet."
    )
    confirm_before = graphene.DateTime(
        description="When XCover's preview lapses; a later approval renews it first. Null: XCover "
        "was not asked yet."
    )
    created_at = graphene.DateTime(
        required=True, description="When the refund was judged, or staff asked."
    )


class StaffStep(graphene.ObjectType):
    """One thing that happened to the protection of an order."""

    class Meta:
        name = "InsuranceStep"

    at = graphene.DateTime(required=True, description="When it happened.")
    what = graphene.String(required=True, description="What happened, in plain words.")


class StaffMessage(graphene.ObjectType):
    """A call to XCover that waits for a person; insuranceRetry sends it again."""

    class Meta:
        name = "InsuranceParkedMessage"

    id = graphene.ID(required=True, description="Names it for insuranceRetry.")
    kind = graphene.Field(
        InsuranceMessageKind, description=f"What it asks of XCover. {NULL_IF_NEWER}"
    )
    reason_code = graphene.Field(
        InsuranceReasonCode,
        description="Why it waits. Null: not known, or a value of a newer version.",
    )
    sentence = graphene.String(required=True, description="The last error, in plain words.")
    sending = graphene.Field(
        InsuranceSending, description=f"Whether XCover may have carried it out. {NULL_IF_NEWER}"
    )


def list_of(kind: type, description: str) -> graphene.List:
    """Return a list that is read after its object was answered, which must not be lost with it."""
    return graphene.List(
        graphene.NonNull(kind),
        description=f"{description} Null only if it could not be read: an error with its path "
        "says why.",
    )


class StaffCover(graphene.ObjectType):
    """The protection of an order, as staff see it."""

    class Meta:
        name = "InsuranceStaffCover"

    id = graphene.ID(required=True, description="The plugin's own key of the cover.")
    order_id = graphene.ID(required=True, description="The order's UUID.")
    order_number = graphene.String(
        required=True, description="The order's number, as the dashboard shows it."
    )
    status = graphene.Field(
        InsuranceCoverStatus, description=f"What became of the protection. {NULL_IF_NEWER}"
    )
    reason_code = graphene.Field(
        InsuranceReasonCode,
        description="Why it waits, or why there is no policy. Null: nothing is wrong with it, or a "
        "value of a newer version.",
    )
    reason = graphene.String(required=True, description="The same in plain words; may be empty.")
    premium = graphene.Field(
        InsuranceMoney, required=True, description="What was agreed for it, with tax."
    )
    amount_due_back = graphene.Field(
        InsuranceMoney, required=True, description="What the store owes the buyer for it."
    )
    policy_number = graphene.String(
        description="XCover's number of the policy; null until it is made."
    )
    cooling_off_until = graphene.DateTime(
        description="Until when XCover refunds the premium, as it says; null until it did."
    )
    claim = graphene.Field(
        InsuranceClaim, description=f"What staff know of claims on the policy. {NULL_IF_NEWER}"
    )
    # Read after the cover was answered, which must not be lost with one of them.
    cancellations = list_of(StaffCancellation, "Every refund that was judged, oldest first.")
    parked_messages = list_of(StaffMessage, "Calls to XCover that wait for a person.")
    history = list_of(StaffStep, "What happened so far, oldest first.")

    @staticmethod
    def resolve_cancellations(cover: Any, _info: Any) -> list[StaffCancellation]:
        rows = sorted(cover.row.cancellations.all(), key=lambda row: int(row.pk))
        return [cancellation_of(row) for row in rows]

    @staticmethod
    def resolve_parked_messages(cover: Any, _info: Any) -> list[StaffMessage]:
        return [_message_of(row) for row in cover_list.parked_messages(cover.row)]

    @staticmethod
    def resolve_history(cover: Any, _info: Any) -> list[StaffStep]:
        return [StaffStep(at=s.at, what=s.what) for s in cover_list.history_of(cover.row)]


class StaffResult(graphene.ObjectType):
    """The cover as it is after the decision, or one error."""

    class Meta:
        name = "InsuranceStaffResult"

    cover = graphene.Field(
        StaffCover, description="The cover as it is now; null beside an error: nothing was changed."
    )
    errors = errors_field(StaffError)


def staff_cover_of(cover: Cover) -> StaffCover:
    """Return a cover as staff see it."""
    shown = StaffCover(
        id=cover.pk,
        order_id=str(cover.order_id),
        order_number=cover.order_number,
        status=known(CoverStatus, cover.status),
        reason_code=known(ReasonCode, cover.reason_code),
        reason=cover.reason,
        premium=money(cover.premium, cover.currency),
        amount_due_back=money(cover.amount_due_back, cover.currency),
        policy_number=cover.booking_id,
        cooling_off_until=cover.cooling_off_until,
        claim=known(ClaimState, cover.claim),
    )
    shown.row = cover
    return shown


def cancellation_of(row: Cancellation) -> StaffCancellation:
    return StaffCancellation(
        id=row.pk,
        status=known(CancellationStatus, row.status),
        rule=known(RULE_SENTENCES, row.rule),
        sentence=row.sentence,
        refund=None if row.refund is None else money(row.refund, row.currency),
        xcover_refunds_buyer=row.xcover_refunds_buyer,
        confirm_before=row.confirm_before,
        created_at=row.created_at,
    )


def _message_of(row: OutboxMessage) -> StaffMessage:
    sending = Sending.OUTCOME_UNKNOWN.value if row.is_unknown else row.sending
    return StaffMessage(
        id=row.pk,
        kind=known(MessageKind, row.kind),
        reason_code=known(ReasonCode, row.reason_code),
        sentence=row.last_error,
        sending=known(Sending, sending),
    )
