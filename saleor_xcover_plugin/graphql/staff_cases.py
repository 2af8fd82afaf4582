"""The worklist of staff, as a Relay connection. Needs MANAGE_ORDERS."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import graphene
from graphene.relay.connection import PageInfo

from ..clock import utc_now
from ..domain.cases import CaseKind, Position
from ..domain.reasons import ReasonCode
from ..host import catalog, order_facts, tickets
from ..host.ids import uuid_of
from ..models import Cover
from ..staff import decisions, worklist
from ..staff.case_actions import PossibleAction, actions_of, missing_details
from ..staff.decisions import DecisionCode, DecisionRefused
from ..staff.event_locks import open_runs_of
from ..staff.worklist import Case, CaseFilter
from .cursors import cursor_of_case, position_of
from .enums import (
    InsuranceCaseAction,
    InsuranceCaseKind,
    InsuranceReasonCode,
    known,
)
from .staff_access import answered, moment_of, page_length
from .staff_events import variants_of
from .staff_types import StaffCancellation, StaffCover, StaffError, cancellation_of, staff_cover_of
from .types import InsuranceMoney, errors_field, money_of

PAGE_LENGTH = 20


class StaffAction(graphene.ObjectType):
    """One thing staff may do about a case."""

    class Meta:
        name = "InsurancePossibleAction"

    action = graphene.Field(
        InsuranceCaseAction, required=True, description="Names the mutation that carries it out."
    )
    effect = graphene.String(required=True, description="What it will do, in a sentence or two.")
    asks_xcover_first = graphene.Boolean(
        required=True, description="True: only where Cover Genius was asked; give askedXcover."
    )
    is_final = graphene.Boolean(required=True, description="True: it cannot be undone.")


class StaffCase(graphene.ObjectType):
    """One thing that waits for a person."""

    class Meta:
        name = "InsuranceCase"

    id = graphene.ID(required=True, description="It stays the same for as long as the case waits.")
    kind = graphene.Field(InsuranceCaseKind, required=True, description="What waits.")
    since = graphene.DateTime(required=True, description="Since when it waits.")
    channel = graphene.String(required=True, description="Slug of the channel.")
    order_id = graphene.ID(description="The order's UUID; null if the order is gone.")
    order_number = graphene.String(
        required=True, description="The order's number; empty if it is not known."
    )
    events = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Names of the products that are insured, those that still exist.",
    )
    sentence = graphene.String(
        required=True, description="What happened, and what it means for the order."
    )
    reason_code = graphene.Field(
        InsuranceReasonCode,
        description="Why it waits. Null: not known, or a value of a newer version.",
    )
    money = graphene.Field(
        InsuranceMoney,
        description="What is at stake: the premium, what XCover would refund, or what is due back.",
    )
    message_id = graphene.ID(
        description="Names the stopped call for insuranceRetry; null if there is none."
    )
    cancellation = graphene.Field(StaffCancellation, description="The refund that was judged.")
    event_run = graphene.String(
        description="The cancelled event whose run the policy belongs to: it may be approved with "
        "the others there. Null: none is open."
    )
    is_lapsed = graphene.Boolean(
        required=True, description="True: XCover's preview lapsed; an approval renews it first."
    )
    cover = graphene.Field(
        StaffCover, description="The cover it is about; null for an order that never had one."
    )
    missing_details = graphene.List(
        graphene.NonNull(graphene.String),
        description="Which of the buyer's details the policy needs and the order lacks, such as "
        "phone; empty if none. Null only if it could not be read: an error with its path says why.",
    )
    actions = graphene.List(
        graphene.NonNull(StaffAction),
        description="What may be done about it, the most likely first. Null only if it could not "
        "be read: an error with its path says why.",
    )

    @staticmethod
    def resolve_missing_details(case: Any, _info: Any) -> list[str]:
        is_incomplete = case.row.reason_code == ReasonCode.POLICYHOLDER_INCOMPLETE
        return missing_details(case.row.cover) if is_incomplete else []

    @staticmethod
    def resolve_actions(case: Any, _info: Any) -> list[StaffAction]:
        return [_action_of(possible) for possible in actions_of(case.row, utc_now())]


class StaffCaseEdge(graphene.ObjectType):
    """One case of a list, and where it stands in it."""

    class Meta:
        name = "InsuranceCaseEdge"

    node = graphene.Field(StaffCase, required=True, description="The case itself.")
    cursor = graphene.String(required=True, description="Its place: give it as `after`.")


class StaffCaseCount(graphene.ObjectType):
    """How many cases of one kind wait."""

    class Meta:
        name = "InsuranceCaseCount"

    kind = graphene.Field(InsuranceCaseKind, required=True, description="What waits.")
    count = graphene.Int(required=True, description="How many of them.")


class StaffCaseConnection(graphene.ObjectType):
    """A page of cases as a Relay connection: money first, the oldest first."""

    class Meta:
        name = "InsuranceCaseConnection"

    edges = graphene.List(
        graphene.NonNull(StaffCaseEdge),
        required=True,
        description="The cases of the page; empty beside an error.",
    )
    page_info = graphene.Field(
        PageInfo, required=True, description="Whether there are more pages, and their cursors."
    )
    counts = graphene.List(
        graphene.NonNull(StaffCaseCount),
        description="How many cases of each kind match. Null only if it could not be read, or the "
        "page was refused.",
    )
    errors = errors_field(StaffError)

    @staticmethod
    def resolve_counts(page: Any, _info: Any) -> list[StaffCaseCount] | None:
        # Counting reads all of them: it is done only for who asks for it.
        if not page.counts:
            return None
        return [StaffCaseCount(kind=kind, count=n) for kind, n in page.counts().items()]


class StaffCaseResult(graphene.ObjectType):
    """One case, or null: it was decided, or is in another channel."""

    class Meta:
        name = "InsuranceCaseResult"

    case = graphene.Field(StaffCase, description="The case, while it waits.")
    errors = errors_field(StaffError)


class StaffCaseQuery(graphene.ObjectType):
    """The fields of the query that list what waits for staff."""

    insurance_cases = graphene.Field(
        StaffCaseConnection,
        required=True,
        kind=graphene.Argument(InsuranceCaseKind, description="Only cases of this kind."),
        channel=graphene.String(description="Only cases of the channel of this slug."),
        order_number=graphene.String(description="Only cases of the order of this number."),
        event=graphene.String(
            description="Only cases with insured tickets of this product: slug, id or SKU."
        ),
        before=graphene.DateTime(description="Only cases that have waited since before then."),
        first=graphene.Int(
            description=f"How many at most, 1 to {worklist.MAX_PAGE_LENGTH}; {PAGE_LENGTH} if it "
            "is left out."
        ),
        after=graphene.String(
            description="A cursor: the page begins behind it. Give the endCursor of a page to get "
            "the next one."
        ),
        description="For staff: what waits for a person in the channels they may manage, the "
        "oldest money first.",
    )
    insurance_case = graphene.Field(
        StaffCaseResult,
        required=True,
        id=graphene.ID(required=True, description="The id of an InsuranceCase."),
        description="For staff: one case, if it still waits.",
    )

    @staticmethod
    def resolve_insurance_cases(
        _root: Any,
        info: Any,
        channel: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **conditions: Any,
    ) -> StaffCaseConnection:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            chosen = in_channel(channel, channel_ids)
            wanted = _filter(channel_ids, **conditions)
            length = page_length("first", first, PAGE_LENGTH, worklist.MAX_PAGE_LENGTH)
            page = worklist.page_of(chosen, wanted, length=length, after=_after(after))
            return {**_page(page), "counts": partial(worklist.counts, chosen, wanted)}

        return answered(info, StaffCaseConnection, work, empty=_page(worklist.NO_PAGE))

    @staticmethod
    def resolve_insurance_case(_root: Any, info: Any, id: str) -> StaffCaseResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            found = worklist.find(id, channel_ids)
            return {"case": cases_of([found])[0] if found else None}

        return answered(info, StaffCaseResult, work)


def in_channel(slug: str | None, channel_ids: Collection[int]) -> Collection[int]:
    """Return the channel with this slug, or all. Raise ``DecisionRefused`` for any other."""
    if slug is None:
        return channel_ids
    key = catalog.channel_ids().get(slug)
    if key is None or key not in channel_ids:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "There is no such channel, or you may not manage its orders."
        )
    return [key]


def cases_of(rows: Sequence[Case]) -> list[StaffCase]:
    """Return cases as staff see them."""
    if not rows:
        return []
    channels = catalog.channel_names()
    names = tickets.names_of({v for row in rows for v in _insured(row)})
    judged = [row.cover.pk for row in rows if row.kind == CaseKind.CANCELLATION and row.cover]
    runs = open_runs_of(judged) if judged else {}
    return [_case_of(row, channels, names, runs) for row in rows]


def _insured(row: Case) -> Collection[str]:
    insured: Collection[str] = row.offer.request.get("tickets", {}) if row.offer else ()
    return insured


def _case_of(
    row: Case, channels: Mapping[int, str], names: Mapping[str, str], runs: Mapping[int, str]
) -> StaffCase:
    order, cancellation = row.order, row.cancellation
    until = cancellation.confirm_before if cancellation is not None else None
    shown = StaffCase(
        id=row.position.case_id,
        kind=row.kind,
        since=row.position.since,
        channel=channels[row.channel_id],
        order_id=str(order.id) if order is not None else None,
        order_number=order.number if order is not None else "",
        events=sorted({names[variant] for variant in _insured(row) if variant in names}),
        sentence=row.sentence,
        reason_code=known(ReasonCode, row.reason_code),
        money=money_of(row.money),
        message_id=row.message.pk if row.message is not None else None,
        cancellation=cancellation_of(cancellation) if cancellation is not None else None,
        event_run=runs.get(row.cover.pk) if row.cover is not None else None,
        is_lapsed=until is not None and until <= utc_now(),
        cover=staff_cover_of(row.cover) if row.cover is not None else None,
    )
    shown.row = row
    return shown


def _action_of(possible: PossibleAction) -> StaffAction:
    return StaffAction(
        action=possible.action,
        effect=possible.effect,
        asks_xcover_first=possible.asks_xcover_first,
        is_final=possible.is_final,
    )


def _page(page: worklist.Page) -> dict[str, Any]:
    nodes = cases_of(page.cases)
    edges = [
        StaffCaseEdge(node=node, cursor=cursor_of_case(row.position))
        for node, row in zip(nodes, page.cases, strict=True)
    ]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=False,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return {"edges": edges, "page_info": info, "counts": None}


def _filter(
    channel_ids: Collection[int],
    kind: str | None = None,
    order_number: str | None = None,
    event: str | None = None,
    before: datetime | None = None,
) -> CaseFilter:
    """Read the conditions. Raise ``DecisionRefused`` for those that cannot be met."""
    return CaseFilter(
        CaseKind(kind) if kind else None,
        variants_of(event) if event else None,
        _order_called(order_number, channel_ids) if order_number else None,
        moment_of("before", before) if before else None,
    )


def _order_called(number: str, channel_ids: Collection[int]) -> uuid.UUID:
    """Return the id of an order of these channels by its number, or any by its id.

    Raise ``DecisionRefused`` for any other number: nobody learns which numbers other channels have.
    """
    decisions.require_typed("order number", number)
    covered = Cover.objects.filter(order_number=number, channel_id__in=channel_ids)
    found = covered.values_list("order_id", flat=True).first() or uuid_of(number, "Order")
    if found is None and order_facts.channels_of([number]).get(number) in channel_ids:
        placed = order_facts.find(number)
        found = placed[0] if placed is not None else None
    if found is None:
        raise DecisionRefused(DecisionCode.BAD_INPUT, "There is no order of this number.")
    return found


def _after(cursor: str | None) -> Position | None:
    """Read a cursor. Raise ``DecisionRefused`` for one that was not given out."""
    if cursor is None:
        return None
    position = position_of(cursor)
    if position is None:
        raise DecisionRefused(DecisionCode.BAD_INPUT, "after is a cursor, such as endCursor.")
    return position
