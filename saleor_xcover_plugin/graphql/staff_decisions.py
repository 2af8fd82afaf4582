"""Decisions of staff about covers. They need MANAGE_ORDERS."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

import graphene

from ..clock import utc_now
from ..domain.cancellations import ClaimState
from ..domain.numbers import whole_number
from ..domain.states import MessageState
from ..host.ids import uuid_of
from ..models import Cancellation, Cover, OutboxMessage
from ..staff import decisions, policyholder_completion
from ..staff.decisions import DecisionCode, DecisionRefused
from ..staff.given_back import mark_given_back
from ..staff.replay import replay
from ..staff.subjects import orders_of
from ..staff.take_over import take_over
from ..staff.unmade_covers import do_not_make, make_after_all
from .enums import InsuranceClaim
from .staff_access import answered
from .staff_types import StaffResult, staff_cover_of
from .types import InsuranceMoneyInput


def _order_id() -> graphene.ID:
    return graphene.ID(
        required=True, description="Saleor's id of the order: the global one or its UUID."
    )


def _cancellation_id() -> graphene.ID:
    return graphene.ID(required=True, description="The id of an InsuranceCancellation.")


def _decided(info: Any, work: Callable[[Collection[int]], Cover]) -> Any:
    def answer(channel_ids: Collection[int]) -> dict[str, Any]:
        # No other table: the decision is stored by now, whatever else is held.
        return {"cover": staff_cover_of(Cover.objects.get(pk=work(channel_ids).pk))}

    return answered(info, StaffResult, answer)


def _order(text: str, channel_ids: Collection[int]) -> uuid.UUID:
    """Read an order id. Raise ``DecisionRefused`` for one without cover in these channels."""
    order_id = uuid_of(text, "Order")
    own = Cover.objects.filter(channel_id__in=channel_ids)
    if order_id is None or not own.filter(order_id=order_id).exists():
        raise DecisionRefused(
            DecisionCode.COVER_NOT_FOUND, "The order has no protection in this channel."
        )
    return order_id


def _cancellation(text: str, channel_ids: Collection[int]) -> int:
    key = whole_number(text)
    if key is not None:
        own = Cancellation.objects.filter(pk=key, cover__channel_id__in=channel_ids)
        if own.exists():
            return key
    raise DecisionRefused(
        DecisionCode.CANCELLATION_NOT_FOUND, "There is no such cancellation in this channel."
    )


class AskCancellation(graphene.Mutation):
    """Have XCover asked what cancelling would refund. Cancels nothing."""

    class Arguments:
        order_id = _order_id()

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str) -> StaffResult:
        return _decided(
            info, lambda channel_ids: decisions.ask(_order(order_id, channel_ids), utc_now()).cover
        )


class ApproveCancellation(graphene.Mutation):
    """Cancel the policy for exactly the refund that was shown. It cannot be undone."""

    class Arguments:
        id = _cancellation_id()
        refund = InsuranceMoneyInput(required=True, description="The refund as it was shown.")

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, id: str, refund: Mapping[str, str]) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            key = _cancellation(id, channel_ids)
            shown = decisions.read_refund(refund["amount"], refund["currency"])
            return decisions.approve(key, shown, utc_now()).cover

        return _decided(info, work)


class KeepPolicy(graphene.Mutation):
    """Leave the policy in force; nothing waits for a decision any more."""

    class Arguments:
        id = _cancellation_id()
        asked_xcover = graphene.Boolean(
            description="Cover Genius was asked and says that the policy is in force."
        )

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, id: str, asked_xcover: bool = False) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            key = _cancellation(id, channel_ids)
            return decisions.keep(key, utc_now(), asked_xcover=asked_xcover).cover

        return _decided(info, work)


class SetClaim(graphene.Mutation):
    """Say what is known of insurance claims on the policy."""

    class Arguments:
        order_id = _order_id()
        claim = InsuranceClaim(required=True, description="What staff know by now.")

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, claim: str) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            return decisions.note_claim(_order(order_id, channel_ids), ClaimState(claim), utc_now())

        return _decided(info, work)


class Retry(graphene.Mutation):
    """Send a parked message again; its key makes a second policy impossible.

    The answer has no cover for an order that never had one.
    """

    class Arguments:
        order_id = graphene.ID(description="Saleor's id of the order; may be left out.")
        message_id = graphene.ID(
            required=True, description="The id of one of the cover's parkedMessages, or of a case."
        )

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, message_id: str, order_id: str | None = None) -> StaffResult:
        def answer(channel_ids: Collection[int]) -> dict[str, Any]:
            of_order = _order(order_id, channel_ids) if order_id is not None else None
            message = _parked(message_id, channel_ids)
            about = orders_of([message]).get(message.pk)
            if of_order is not None and (about is None or about.id != of_order):
                raise _not_parked()
            if not replay(message.pk, utc_now()):
                raise _not_parked()
            cover = Cover.objects.filter(order_id=about.id).first() if about is not None else None
            return {"cover": staff_cover_of(cover) if cover is not None else None}

        return answered(info, StaffResult, answer)


def _not_parked() -> DecisionRefused:
    return DecisionRefused(DecisionCode.NOT_WAITING, "No such message of this order is parked.")


def _parked(message_id: str, channel_ids: Collection[int]) -> OutboxMessage:
    """Return a parked message of these channels. Raise ``DecisionRefused`` if it is not parked."""
    key = whole_number(message_id)
    if key is None:
        raise _not_parked()
    parked = OutboxMessage.objects.filter(
        pk=key, channel_id__in=channel_ids, status=MessageState.PARKED.value
    )
    message = parked.first()
    if message is None:
        raise _not_parked()
    return message


class CompletePolicyholder(graphene.Mutation):
    """Fill what the policy needs and the order's address lacks, then send the confirmation.

    All that is missing is given at once; else it is refused and nothing is changed.
    """

    class Arguments:
        order_id = _order_id()
        first_name = graphene.String(description="The buyer's first name, where it is missing.")
        last_name = graphene.String(description="The buyer's last name, where it is missing.")
        email = graphene.String(description="The order's e-mail address, where it is missing.")
        phone = graphene.String(
            description="The buyer's phone with plus and country code, such as +14155550100, where "
            "it is missing."
        )

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, **given: str) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            return policyholder_completion.complete(_order(order_id, channel_ids), given, utc_now())

        return _decided(info, work)


class DoNotMakePolicy(graphene.Mutation):
    """Make no policy for an order whose confirmation is parked; what was charged for it is due.

    Where XCover may have made it already, its bookings are searched first.
    """

    class Arguments:
        order_id = _order_id()
        asked_xcover = graphene.Boolean(
            description="Cover Genius was asked and knows of no policy: search nothing."
        )

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, asked_xcover: bool = False) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            key = _order(order_id, channel_ids)
            return do_not_make(key, utc_now(), asked_xcover=asked_xcover)

        return _decided(info, work)


class MakePolicyAfterAll(graphene.Mutation):
    """Take back that no policy is made, while its search waits: one XCover made is then found."""

    class Arguments:
        order_id = _order_id()

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            return make_after_all(_order(order_id, channel_ids), utc_now())

        return _decided(info, work)


class TakeOverPolicy(graphene.Mutation):
    """Have an order hold the policy Cover Genius named for it, where it could not be found.

    XCover is asked for it: only the policy of just this order and its offer is taken over.
    """

    class Arguments:
        order_id = _order_id()
        policy_number = graphene.String(
            required=True, description="The number of the policy, as Cover Genius named it."
        )

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, policy_number: str) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            return take_over(_order(order_id, channel_ids), policy_number, utc_now)

        return _decided(info, work)


class MarkGivenBack(graphene.Mutation):
    """Say that what was due to the buyer went back in another way than a refund in Saleor.

    No money is moved.
    """

    class Arguments:
        order_id = _order_id()
        due = InsuranceMoneyInput(required=True, description="The amount due as it was shown.")

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, due: Mapping[str, str]) -> StaffResult:
        def work(channel_ids: Collection[int]) -> Cover:
            key = _order(order_id, channel_ids)
            shown = decisions.read_refund(due["amount"], due["currency"])
            return mark_given_back(key, shown, utc_now())

        return _decided(info, work)


class StaffDecisionMutation(graphene.ObjectType):
    """The fields of the mutation that carry out decisions."""

    insurance_ask_cancellation = AskCancellation.Field(required=True)
    insurance_approve_cancellation = ApproveCancellation.Field(required=True)
    insurance_keep_policy = KeepPolicy.Field(required=True)
    insurance_set_claim = SetClaim.Field(required=True)
    insurance_retry = Retry.Field(required=True)
    insurance_do_not_make_policy = DoNotMakePolicy.Field(required=True)
    insurance_make_policy_after_all = MakePolicyAfterAll.Field(required=True)
    insurance_take_over_policy = TakeOverPolicy.Field(required=True)
    insurance_complete_policyholder = CompletePolicyholder.Field(required=True)
    insurance_mark_given_back = MarkGivenBack.Field(required=True)
