"""GraphQL for staff: covers, their history, and decisions. Needs MANAGE_ORDERS."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import graphene
from graphene.relay.connection import PageInfo

from ..clock import utc_now
from ..defect_log import log_defect
from ..domain.cancellations import RULE_SENTENCES, ClaimState
from ..domain.messages import MessageKind
from ..domain.numbers import whole_number
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending
from ..domain.states import CancellationStatus, CoverStatus
from ..models import Cancellation, Cover, OutboxMessage
from ..staff import cover_list, decisions, policyholder_completion
from ..staff.decisions import DecisionCode, DecisionRefused
from ..staff.replay import replay
from ..staff.take_over import take_over
from ..staff.unmade_covers import do_not_make, make_after_all
from ..time_limits import DatabaseBusy, busy_sentence
from .cursors import cursor_of, key_of
from .enums import (
    BUSY,
    FAILED_SENTENCE,
    INTERNAL,
    NULL_IF_NEWER,
    PERMISSION_DENIED,
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
from .ids import uuid_of
from .types import InsuranceMoney, InsuranceMoneyInput, money

log = logging.getLogger(__name__)


def _errors() -> graphene.List:
    return graphene.List(
        graphene.NonNull(StaffError),
        required=True,
        description="Why it was refused, at most one; empty if it was not.",
    )


def _order_id() -> graphene.ID:
    return graphene.ID(
        required=True, description="Saleor's id of the order: the global one or its UUID."
    )


def _cancellation_id() -> graphene.ID:
    return graphene.ID(required=True, description="The id of an InsuranceCancellation.")


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


def _list_of(kind: type, description: str) -> graphene.List:
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
    cancellations = _list_of(StaffCancellation, "Every refund that was judged, oldest first.")
    parked_messages = _list_of(StaffMessage, "Calls to XCover that wait for a person.")
    history = _list_of(StaffStep, "What happened so far, oldest first.")

    @staticmethod
    def resolve_cancellations(cover: Any, _info: Any) -> list[StaffCancellation]:
        rows = sorted(cover.row.cancellations.all(), key=lambda row: int(row.pk))
        return [_cancellation_of(row) for row in rows]

    @staticmethod
    def resolve_parked_messages(cover: Any, _info: Any) -> list[StaffMessage]:
        return [_message_of(row) for row in cover_list.parked_messages(cover.row)]

    @staticmethod
    def resolve_history(cover: Any, _info: Any) -> list[StaffStep]:
        return [StaffStep(at=s.at, what=s.what) for s in cover_list.history_of(cover.row)]


class StaffCoverEdge(graphene.ObjectType):
    """One cover of a list, and where it stands in it."""

    class Meta:
        name = "InsuranceStaffCoverEdge"

    node = graphene.Field(StaffCover, required=True, description="The cover itself.")
    cursor = graphene.String(
        required=True, description="Its place: give it as `after` or `before`."
    )


class StaffCoverConnection(graphene.ObjectType):
    """A page of covers as a Relay connection, newest first; new covers come before it."""

    class Meta:
        name = "InsuranceStaffCoverConnection"

    edges = graphene.List(
        graphene.NonNull(StaffCoverEdge),
        required=True,
        description="The covers of the page; empty beside an error.",
    )
    page_info = graphene.Field(
        PageInfo, required=True, description="Whether there are more pages, and their cursors."
    )
    total_count = graphene.Int(
        description="How many covers all pages hold together. Null only if it could not be read, "
        "or the page was refused."
    )
    errors = _errors()

    @staticmethod
    def resolve_total_count(page: Any, _info: Any) -> int | None:
        # A count reads all of them: it is made only for who asks for it.
        return page.total_count() if page.total_count else None


class StaffResult(graphene.ObjectType):
    """The cover as it is after the decision, or one error."""

    class Meta:
        name = "InsuranceStaffResult"

    cover = graphene.Field(
        StaffCover, description="The cover as it is now; null beside an error: nothing was changed."
    )
    errors = _errors()


def _cover_of(cover: Cover) -> StaffCover:
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


def _cancellation_of(row: Cancellation) -> StaffCancellation:
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


_NO_RIGHT = StaffError(
    code=PERMISSION_DENIED,
    message="This needs a staff or app token with MANAGE_ORDERS for this channel.",
)


def _answered(info: Any, result: type, work: Callable[[int], dict[str, Any]]) -> Any:
    """Check the rights first; a refusal becomes a coded error, anything else is masked."""
    empty = _page(cover_list.NO_PAGE) if result is StaffCoverConnection else {}
    channel_id = info.context.channel_id
    try:
        if not info.context.requestor().may_manage(channel_id):
            return result(**empty, errors=[_NO_RIGHT])
        return result(**work(channel_id), errors=[])
    except DecisionRefused as refused:
        error = StaffError(code=refused.code.value, message=str(refused))
    except DatabaseBusy as busy:
        log.warning("xcover.staff.busy", extra={"reason": str(busy)})
        error = StaffError(code=BUSY, message=busy_sentence())
    except Exception:
        log_defect(log, "xcover.staff.failed")
        error = StaffError(code=INTERNAL, message=FAILED_SENTENCE)
    return result(**empty, errors=[error])


def _page(page: cover_list.Page) -> dict[str, Any]:
    edges = [
        StaffCoverEdge(node=_cover_of(row), cursor=cursor_of(int(row.pk))) for row in page.covers
    ]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return {"edges": edges, "page_info": info}


def _decided(info: Any, work: Callable[[int], Cover]) -> Any:
    def answer(channel_id: int) -> dict[str, Any]:
        # No other table: the decision is stored by now, whatever else is held.
        return {"cover": _cover_of(Cover.objects.get(pk=work(channel_id).pk))}

    return _answered(info, StaffResult, answer)


def _order(text: str, channel_id: int) -> uuid.UUID:
    """Read an order id. Raise ``DecisionRefused`` for one without cover in this channel."""
    order_id = uuid_of(text, "Order")
    own = Cover.objects.filter(channel_id=channel_id)
    if order_id is None or not own.filter(order_id=order_id).exists():
        raise DecisionRefused(
            DecisionCode.COVER_NOT_FOUND, "The order has no protection in this channel."
        )
    return order_id


def _cancellation(text: str, channel_id: int) -> int:
    key = whole_number(text)
    if key is not None:
        own = Cancellation.objects.filter(pk=key, cover__channel_id=channel_id)
        if own.exists():
            return key
    raise DecisionRefused(
        DecisionCode.CANCELLATION_NOT_FOUND, "There is no such cancellation in this channel."
    )


class StaffQuery(graphene.ObjectType):
    """What staff read."""

    insurance_covers = graphene.Field(
        StaffCoverConnection,
        required=True,
        status=graphene.Argument(InsuranceCoverStatus, description="Only covers of this status."),
        order_number=graphene.String(description="Only the cover of the order of this number."),
        needs_decision=graphene.Boolean(
            description="Only covers of which something waits for a person: the policy itself, a "
            "cancellation, a change of the buyer's details, or the opt-out of its order."
        ),
        is_due=graphene.Boolean(description="Only those with an amount due back to the buyer."),
        first=graphene.Int(
            description=f"How many at most, 1 to {cover_list.MAX_PAGE_LENGTH}; "
            f"{cover_list.PAGE_LENGTH} if it is left out."
        ),
        after=graphene.String(
            description="A cursor: the page begins behind it. Give the endCursor of a page to get "
            "the next one."
        ),
        last=graphene.Int(
            description="The same as first, for paging backward: how many of the last ones."
        ),
        before=graphene.String(
            description="A cursor: the page ends before it. Give the startCursor of a page to get "
            "the previous one."
        ),
        description="For staff: the channel's covers, newest first.",
    )

    @staticmethod
    def resolve_insurance_covers(
        _root: Any,
        info: Any,
        status: str | None = None,
        order_number: str | None = None,
        needs_decision: bool = False,
        is_due: bool = False,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> StaffCoverConnection:
        def work(channel_id: int) -> dict[str, Any]:
            decisions.require_typed("order number", order_number or "")
            wanted = cover_list.CoverFilter(
                CoverStatus(status) if status else None, order_number or "", needs_decision, is_due
            )
            request = _page_request(first, after, last, before)
            page = cover_list.page_of(channel_id, wanted, request)
            total = partial(cover_list.count_of, channel_id, wanted)
            return {**_page(page), "total_count": total}

        return _answered(info, StaffCoverConnection, work)


def _page_request(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> cover_list.PageRequest:
    """Read which page is wanted. Raise ``DecisionRefused`` for one that cannot be."""
    is_forward = first is not None or after is not None
    is_backward = last is not None or before is not None
    if is_forward and is_backward:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "Give first and after, or last and before, not some of both."
        )
    if is_backward:
        return cover_list.PageRequest(
            _length("last", last), _key("before", before), is_backward=True
        )
    return cover_list.PageRequest(_length("first", first), _key("after", after))


def _length(name: str, length: int | None) -> int:
    """Read the length of a page. Raise ``DecisionRefused`` for one that is too long or empty."""
    if length is None:
        return cover_list.PAGE_LENGTH
    if not 1 <= length <= cover_list.MAX_PAGE_LENGTH:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, f"{name} is 1 to {cover_list.MAX_PAGE_LENGTH}."
        )
    return length


def _key(name: str, cursor: str | None) -> int | None:
    """Read a cursor. Raise ``DecisionRefused`` for one that was not given out."""
    if cursor is None:
        return None
    key = key_of(cursor)
    if key is None:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, f"{name} is a cursor, such as endCursor or startCursor."
        )
    return key


class AskCancellation(graphene.Mutation):
    """Have XCover asked what cancelling would refund. Cancels nothing."""

    class Arguments:
        order_id = _order_id()

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str) -> StaffResult:
        return _decided(
            info, lambda channel_id: decisions.ask(_order(order_id, channel_id), utc_now()).cover
        )


class ApproveCancellation(graphene.Mutation):
    """Cancel the policy for exactly the refund that was shown. It cannot be undone."""

    class Arguments:
        id = _cancellation_id()
        refund = InsuranceMoneyInput(required=True, description="The refund as it was shown.")

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, id: str, refund: Mapping[str, str]) -> StaffResult:
        def work(channel_id: int) -> Cover:
            key = _cancellation(id, channel_id)
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
        def work(channel_id: int) -> Cover:
            key = _cancellation(id, channel_id)
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
        def work(channel_id: int) -> Cover:
            return decisions.note_claim(_order(order_id, channel_id), ClaimState(claim), utc_now())

        return _decided(info, work)


class Retry(graphene.Mutation):
    """Send a parked message again; its key makes a second policy impossible."""

    class Arguments:
        order_id = _order_id()
        message_id = graphene.ID(
            required=True, description="The id of one of the cover's parkedMessages."
        )

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, message_id: str) -> StaffResult:
        def work(channel_id: int) -> Cover:
            cover = Cover.objects.get(order_id=_order(order_id, channel_id))
            _replay(cover, message_id)
            return cover

        return _decided(info, work)


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
        def work(channel_id: int) -> Cover:
            return policyholder_completion.complete(_order(order_id, channel_id), given, utc_now())

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
        def work(channel_id: int) -> Cover:
            key = _order(order_id, channel_id)
            return do_not_make(key, utc_now(), asked_xcover=asked_xcover)

        return _decided(info, work)


class MakePolicyAfterAll(graphene.Mutation):
    """Take back that no policy is made, while its search waits: one XCover made is then found."""

    class Arguments:
        order_id = _order_id()

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str) -> StaffResult:
        def work(channel_id: int) -> Cover:
            return make_after_all(_order(order_id, channel_id), utc_now())

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
        def work(channel_id: int) -> Cover:
            return take_over(_order(order_id, channel_id), policy_number, utc_now)

        return _decided(info, work)


def _replay(cover: Cover, message_id: str) -> None:
    found: list[OutboxMessage] = [
        message for message in cover_list.parked_messages(cover) if str(message.pk) == message_id
    ]
    if not found or not replay(found[0].pk, utc_now()):
        raise DecisionRefused(DecisionCode.NOT_WAITING, "No such message of this order is parked.")


class StaffMutation(graphene.ObjectType):
    """What staff decide."""

    insurance_ask_cancellation = AskCancellation.Field(required=True)
    insurance_approve_cancellation = ApproveCancellation.Field(required=True)
    insurance_keep_policy = KeepPolicy.Field(required=True)
    insurance_set_claim = SetClaim.Field(required=True)
    insurance_retry = Retry.Field(required=True)
    insurance_do_not_make_policy = DoNotMakePolicy.Field(required=True)
    insurance_make_policy_after_all = MakePolicyAfterAll.Field(required=True)
    insurance_take_over_policy = TakeOverPolicy.Field(required=True)
    insurance_complete_policyholder = CompletePolicyholder.Field(required=True)
