"""GraphQL for staff: covers, their history, and decisions. Needs MANAGE_ORDERS."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import graphene

from ..clock import utc_now
from ..defect_log import log_defect
from ..domain.cancellations import ClaimState
from ..domain.numbers import whole_number
from ..domain.sending import Sending
from ..domain.states import CoverStatus
from ..models import Cancellation, Cover, OutboxMessage
from ..staff import cover_list, decisions, policyholder_completion
from ..staff.decisions import DecisionCode, DecisionRefused
from ..staff.replay import replay
from ..staff.take_over import take_over
from ..staff.unmade_policies import do_not_make, make_after_all
from ..time_limits import DatabaseBusy, busy_sentence
from .ids import uuid_of
from .types import InsuranceMoney, money

log = logging.getLogger(__name__)


class StaffError(graphene.ObjectType):
    class Meta:
        name = "InsuranceStaffError"

    code = graphene.String(required=True)
    message = graphene.String(required=True, description="What happened and what to do.")


class StaffCancellation(graphene.ObjectType):
    class Meta:
        name = "InsuranceCancellation"

    id = graphene.ID(required=True)
    status = graphene.String(required=True)
    rule = graphene.String(required=True, description="Row of docs/cancellations.md.")
    sentence = graphene.String(required=True)
    refund = graphene.Field(InsuranceMoney, description="What XCover would refund, once asked.")
    xcover_refunds_buyer = graphene.Boolean(
        description="True: XCover pays the refund to the buyer itself, and the store owes nothing "
        "for the protection. Null: XCover was not asked yet."
    )
    confirm_before = graphene.String(description="UTC; a later approval renews the preview.")
    created_at = graphene.String(required=True)


class StaffStep(graphene.ObjectType):
    class Meta:
        name = "InsuranceStep"

    at = graphene.String(required=True)
    what = graphene.String(required=True)


class StaffMessage(graphene.ObjectType):
    class Meta:
        name = "InsuranceParkedMessage"

    id = graphene.ID(required=True)
    kind = graphene.String(required=True)
    reason_code = graphene.String(required=True)
    sentence = graphene.String(required=True)
    sending = graphene.String(
        required=True,
        description="Whether XCover may have carried it out: `never_sent`, `definitely_refused` or "
        "`outcome_unknown`.",
    )


class StaffCover(graphene.ObjectType):
    class Meta:
        name = "InsuranceStaffCover"

    id = graphene.ID(required=True)
    order_id = graphene.ID(required=True)
    order_number = graphene.String(required=True)
    status = graphene.String(required=True)
    reason_code = graphene.String(required=True)
    reason = graphene.String(required=True)
    premium = graphene.Field(InsuranceMoney, required=True)
    amount_due_back = graphene.Field(InsuranceMoney, required=True)
    policy_number = graphene.String()
    cooling_off_until = graphene.String()
    claim = graphene.String(required=True)
    cancellations = graphene.List(graphene.NonNull(StaffCancellation), required=True)
    parked_messages = graphene.List(graphene.NonNull(StaffMessage), required=True)
    history = graphene.List(graphene.NonNull(StaffStep), required=True)

    @staticmethod
    def resolve_cancellations(cover: Any, _info: Any) -> list[StaffCancellation]:
        rows = sorted(cover.row.cancellations.all(), key=lambda row: int(row.pk))
        return [_cancellation_of(row) for row in rows]

    @staticmethod
    def resolve_parked_messages(cover: Any, _info: Any) -> list[StaffMessage]:
        return [
            StaffMessage(
                id=m.pk,
                kind=m.kind,
                reason_code=m.reason_code,
                sentence=m.last_error,
                sending=Sending.OUTCOME_UNKNOWN.value if m.is_unknown else m.sending,
            )
            for m in cover_list.parked_messages(cover.row)
        ]

    @staticmethod
    def resolve_history(cover: Any, _info: Any) -> list[StaffStep]:
        return [
            StaffStep(at=s.at.isoformat(), what=s.what) for s in cover_list.history_of(cover.row)
        ]


class StaffCovers(graphene.ObjectType):
    class Meta:
        name = "InsuranceStaffCovers"

    covers = graphene.List(graphene.NonNull(StaffCover), required=True)
    end_cursor = graphene.String(description="Give it as `after` for the next page.")
    has_next_page = graphene.Boolean(required=True)
    errors = graphene.List(graphene.NonNull(StaffError), required=True)


class StaffResult(graphene.ObjectType):
    class Meta:
        name = "InsuranceStaffResult"

    cover = graphene.Field(StaffCover)
    errors = graphene.List(graphene.NonNull(StaffError), required=True)


def _cover_of(cover: Cover) -> StaffCover:
    shown = StaffCover(
        id=cover.pk,
        order_id=str(cover.order_id),
        order_number=cover.order_number,
        status=cover.status,
        reason_code=cover.reason_code,
        reason=cover.reason,
        premium=money(cover.premium, cover.currency),
        amount_due_back=money(cover.amount_due_back, cover.currency),
        policy_number=cover.booking_id,
        cooling_off_until=_text(cover.cooling_off_until),
        claim=cover.claim,
    )
    shown.row = cover
    return shown


def _cancellation_of(row: Cancellation) -> StaffCancellation:
    return StaffCancellation(
        id=row.pk,
        status=row.status,
        rule=row.rule,
        sentence=row.sentence,
        refund=None if row.refund is None else money(row.refund, row.currency),
        xcover_refunds_buyer=row.xcover_refunds_buyer,
        confirm_before=_text(row.confirm_before),
        created_at=row.created_at.isoformat(),
    )


def _text(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat())


_NO_RIGHT = StaffError(
    code="permission_denied",
    message="This needs a staff or app token with MANAGE_ORDERS for this channel.",
)


def _answered(info: Any, result: type, work: Callable[[int], dict[str, Any]]) -> Any:
    """Check the rights first; a refusal becomes a coded error, anything else is masked."""
    empty = {"covers": [], "has_next_page": False} if result is StaffCovers else {}
    channel_id = info.context.channel_id
    try:
        if not info.context.requestor().may_manage(channel_id):
            return result(**empty, errors=[_NO_RIGHT])
        return result(**work(channel_id), errors=[])
    except DecisionRefused as refused:
        error = StaffError(code=refused.code.value, message=str(refused))
    except DatabaseBusy as busy:
        log.warning("xcover.staff.busy", extra={"reason": str(busy)})
        error = StaffError(code="busy", message=busy_sentence())
    except Exception:
        log_defect(log, "xcover.staff.failed")
        error = StaffError(code="internal", message="It failed; the log says why.")
    return result(**empty, errors=[error])


def _decided(info: Any, work: Callable[[int], Cover]) -> Any:
    def answer(channel_id: int) -> dict[str, Any]:
        cover = work(channel_id)
        return {"cover": _cover_of(Cover.objects.select_related("offer").get(pk=cover.pk))}

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
    insurance_covers = graphene.Field(
        StaffCovers,
        required=True,
        status=graphene.String(),
        order_number=graphene.String(),
        needs_decision=graphene.Boolean(),
        is_due=graphene.Boolean(),
        first=graphene.Int(),
        after=graphene.String(),
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
        first: int = 20,
        after: str | None = None,
    ) -> StaffCovers:
        def work(channel_id: int) -> dict[str, Any]:
            known = [one.value for one in CoverStatus]
            if status is not None and status not in known:
                raise DecisionRefused(
                    DecisionCode.BAD_INPUT, f"status is one of {', '.join(known)}."
                )
            if after is not None and whole_number(after) is None:
                raise DecisionRefused(DecisionCode.BAD_INPUT, "after is an endCursor.")
            wanted = cover_list.CoverFilter(
                CoverStatus(status) if status else None, order_number or "", needs_decision, is_due
            )
            rows, has_more = cover_list.page_of(
                channel_id, wanted, first=first, after=int(after) if after else None
            )
            return {
                "covers": [_cover_of(row) for row in rows],
                "end_cursor": str(rows[-1].pk) if rows else None,
                "has_next_page": has_more,
            }

        return _answered(info, StaffCovers, work)


class AskCancellation(graphene.Mutation):
    """Have XCover asked what cancelling would refund. Cancels nothing."""

    class Arguments:
        order_id = graphene.ID(required=True)

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str) -> StaffResult:
        return _decided(
            info, lambda channel_id: decisions.ask(_order(order_id, channel_id), utc_now()).cover
        )


class ApproveCancellation(graphene.Mutation):
    """Cancel the policy for exactly the refund that was shown. It cannot be undone."""

    class Arguments:
        id = graphene.ID(required=True)
        amount = graphene.String(required=True, description="The refund as it was shown.")
        currency = graphene.String(required=True)

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, id: str, amount: str, currency: str) -> StaffResult:
        def work(channel_id: int) -> Cover:
            key = _cancellation(id, channel_id)
            return decisions.approve(key, decisions.read_refund(amount, currency), utc_now()).cover

        return _decided(info, work)


class KeepPolicy(graphene.Mutation):
    """Leave the policy in force; nothing waits for a decision any more."""

    class Arguments:
        id = graphene.ID(required=True)
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
    """Say what is known of claims: unknown, none, open or paid."""

    class Arguments:
        order_id = graphene.ID(required=True)
        claim = graphene.String(required=True)

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, claim: str) -> StaffResult:
        def work(channel_id: int) -> Cover:
            known = [one.value for one in ClaimState]
            if claim not in known:
                raise DecisionRefused(
                    DecisionCode.BAD_INPUT, f"claim is one of {', '.join(known)}."
                )
            return decisions.note_claim(_order(order_id, channel_id), ClaimState(claim), utc_now())

        return _decided(info, work)


class Retry(graphene.Mutation):
    """Send a parked message again; its key makes a second policy impossible."""

    class Arguments:
        order_id = graphene.ID(required=True)
        message_id = graphene.ID(required=True)

    Output = StaffResult

    @staticmethod
    def mutate(_root: Any, info: Any, order_id: str, message_id: str) -> StaffResult:
        def work(channel_id: int) -> Cover:
            cover = Cover.objects.get(order_id=_order(order_id, channel_id))
            _replay(cover, message_id)
            return cover

        return _decided(info, work)


class CompletePolicyholder(graphene.Mutation):
    """Fill what the policy needs and the order's address lacks, then send the confirmation."""

    class Arguments:
        order_id = graphene.ID(required=True)
        first_name = graphene.String()
        last_name = graphene.String()
        email = graphene.String()
        phone = graphene.String()

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
        order_id = graphene.ID(required=True)
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
        order_id = graphene.ID(required=True)

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
        order_id = graphene.ID(required=True)
        policy_number = graphene.String(required=True)

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
    insurance_ask_cancellation = AskCancellation.Field(required=True)
    insurance_approve_cancellation = ApproveCancellation.Field(required=True)
    insurance_keep_policy = KeepPolicy.Field(required=True)
    insurance_set_claim = SetClaim.Field(required=True)
    insurance_retry = Retry.Field(required=True)
    insurance_do_not_make_policy = DoNotMakePolicy.Field(required=True)
    insurance_make_policy_after_all = MakePolicyAfterAll.Field(required=True)
    insurance_take_over_policy = TakeOverPolicy.Field(required=True)
    insurance_complete_policyholder = CompletePolicyholder.Field(required=True)
