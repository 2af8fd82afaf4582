"""Events for staff: their policies, and what is done when one is cancelled or moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import graphene

from ..clock import utc_now
from ..domain.numbers import whole_number
from ..domain.states import EventChangeKind, EventRunStatus
from ..host import tickets
from ..host.tickets import Ticket
from ..models import Cover, EventRun
from ..staff import background_event_runs as runs
from ..staff import decisions, event_changes, event_runs, performances
from ..staff.decisions import DecisionCode, DecisionRefused
from ..staff.performances import Performance
from .enums import NULL_IF_NEWER, InsuranceEventChange, InsuranceEventRunStatus, known
from .staff_access import answered, moment_of
from .staff_types import StaffError, list_of
from .types import InsuranceMoney, errors_field, money

MAX_FOUND = 20
"""Largest number of products a search returns."""
MAX_RUNS = 20
"""Largest number of runs that are listed."""
_NULL = "Null only if it could not be read."


class StaffEventProduct(graphene.ObjectType):
    """A product that is sold as tickets of an event."""

    class Meta:
        name = "InsuranceEventProduct"

    id = graphene.ID(required=True, description="Saleor's global id of the product.")
    name = graphene.String(required=True, description="Name of the product.")


class StaffOutcome(graphene.ObjectType):
    """Policies of an event with the same outcome, in one currency."""

    class Meta:
        name = "InsuranceEventOutcome"

    what = graphene.String(required=True, description="The outcome in a few words.")
    policies = graphene.Int(required=True, description="How many policies.")
    refund = graphene.Field(
        InsuranceMoney, required=True, description="What XCover refunds for them in all."
    )


class _OfCovers(graphene.ObjectType):
    """What is told of covers: of one performance, or of several together."""

    class Meta:
        abstract = True

    policies = graphene.Int(description=f"How many policies are in force. {_NULL}")
    premiums = graphene.String(description=f"Their premiums, one sum per currency. {_NULL}")
    outcomes = list_of(StaffOutcome, "What became of its covers, the biggest group first.")

    @staticmethod
    def resolve_policies(one: Any, _info: Any) -> int:
        return event_runs.in_force(one.covers)

    @staticmethod
    def resolve_premiums(one: Any, _info: Any) -> str:
        return event_runs.premiums(one.covers)

    @staticmethod
    def resolve_outcomes(one: Any, _info: Any) -> list[StaffOutcome]:
        return _outcomes(one.covers)


class StaffPerformance(_OfCovers):
    """One performance of an event, with its tickets."""

    class Meta:
        name = "InsurancePerformance"

    label = graphene.String(required=True, description="Event, start and tickets, for staff.")
    starts_at = graphene.DateTime(description="When it begins; null: not known.")
    is_cancelled = graphene.Boolean(required=True, description="True: staff said so.")
    variants = graphene.List(
        graphene.NonNull(graphene.ID),
        required=True,
        description="The variants that are its tickets: give them to insuranceBeginEventRun.",
    )


class StaffEventChoice(_OfCovers):
    """Performances that were chosen together. A policy of several of them counts once."""

    class Meta:
        name = "InsuranceEventChoice"


class StaffEventsResult(graphene.ObjectType):
    """Products that were found, or one error."""

    class Meta:
        name = "InsuranceEventsResult"

    events = graphene.List(
        graphene.NonNull(StaffEventProduct), required=True, description="Empty beside an error."
    )
    errors = errors_field(StaffError)


class StaffEventResult(graphene.ObjectType):
    """The performances of one product, or one error."""

    class Meta:
        name = "InsuranceEventResult"

    performances = graphene.List(
        graphene.NonNull(StaffPerformance),
        required=True,
        description="The earliest first; empty beside an error.",
    )
    errors = errors_field(StaffError)


class StaffEventChoiceResult(graphene.ObjectType):
    """Performances that were chosen together, or one error."""

    class Meta:
        name = "InsuranceEventChoiceResult"

    choice = graphene.Field(StaffEventChoice, description="The choice; null beside an error.")
    errors = errors_field(StaffError)


class StaffEventRun(graphene.ObjectType):
    """Work on all policies of an event, done in the background."""

    class Meta:
        name = "InsuranceEventRun"

    id = graphene.ID(required=True, description="Names it when it is approved or withdrawn.")
    change = graphene.Field(
        InsuranceEventChange, description=f"What happened to the event. {NULL_IF_NEWER}"
    )
    status = graphene.Field(InsuranceEventRunStatus, description=f"How far it is. {NULL_IF_NEWER}")
    label = graphene.String(required=True, description="The event, as it was when it began.")
    starts_at = graphene.DateTime(description="The new start of a moved event.")
    policies = graphene.Int(required=True, description="Policies in force when it began.")
    created_at = graphene.DateTime(required=True, description="When staff began it.")
    seen_at = graphene.DateTime(
        required=True, description="When this was read: give it to insuranceApproveEventRun."
    )
    done = graphene.Int(description=f"How much of the present stage is done. {_NULL}")
    total = graphene.Int(description=f"How much there is to do in it. {_NULL}")
    outcomes = list_of(StaffOutcome, "What became of its covers, the biggest group first.")
    refundable = graphene.Int(
        description="While it waits: the number of policies XCover would refund to the store. Null "
        "otherwise, and if it could not be read."
    )
    refunds = graphene.String(
        description="While it waits: what XCover would refund, one sum per currency. Null "
        "otherwise, and if it could not be read."
    )

    notice = graphene.String(
        description="Once it is taken back: a sentence for staff, if something else was told of "
        "the event since it began, which stays as it is. Null otherwise."
    )

    @staticmethod
    def resolve_done(shown: Any, _info: Any) -> int:
        return runs.progress_of(shown.row).done

    @staticmethod
    def resolve_total(shown: Any, _info: Any) -> int:
        return runs.progress_of(shown.row).total

    @staticmethod
    def resolve_outcomes(shown: Any, _info: Any) -> list[StaffOutcome]:
        return _outcomes(shown.row.covers)

    @staticmethod
    def resolve_refundable(shown: Any, _info: Any) -> int | None:
        if shown.row.status != EventRunStatus.ASKED:
            return None
        return runs.to_approve(shown.row, shown.seen_at).count()

    @staticmethod
    def resolve_refunds(shown: Any, _info: Any) -> str | None:
        if shown.row.status != EventRunStatus.ASKED:
            return None
        return event_runs.refunds_of(runs.to_approve(shown.row, shown.seen_at))


class StaffEventRunResult(graphene.ObjectType):
    """A run, or one error."""

    class Meta:
        name = "InsuranceEventRunResult"

    run = graphene.Field(StaffEventRun, description="The run; null beside an error.")
    errors = errors_field(StaffError)


class StaffEventRunsResult(graphene.ObjectType):
    """The latest runs, or one error."""

    class Meta:
        name = "InsuranceEventRunsResult"

    runs = graphene.List(
        graphene.NonNull(StaffEventRun),
        required=True,
        description="The newest first; empty beside an error.",
    )
    errors = errors_field(StaffError)


def _run_id() -> graphene.ID:
    return graphene.ID(required=True, description="The id of an InsuranceEventRun.")


class StaffEventQuery(graphene.ObjectType):
    """The fields of the query about events."""

    insurance_events = graphene.Field(
        StaffEventsResult,
        required=True,
        search=graphene.String(
            required=True, description="A part of the product's name, its slug, or a SKU."
        ),
        description=f"For staff: the products of that name, at most {MAX_FOUND}.",
    )
    insurance_event = graphene.Field(
        StaffEventResult,
        required=True,
        product=graphene.String(required=True, description="The product: slug, id or SKU."),
        description="For staff: the performances of a product, and their policies in the channels "
        "they may manage.",
    )
    insurance_event_choice = graphene.Field(
        StaffEventChoiceResult,
        required=True,
        product=graphene.String(required=True, description="The product: slug, id or SKU."),
        variants=graphene.List(
            graphene.NonNull(graphene.ID),
            required=True,
            description="Which of its tickets, as InsurancePerformance names them.",
        ),
        description="For staff: the policies of several performances together, in the channels "
        "they may manage.",
    )
    insurance_event_run = graphene.Field(
        StaffEventRunResult,
        required=True,
        id=_run_id(),
        description="For staff: one run.",
    )
    insurance_event_runs = graphene.Field(
        StaffEventRunsResult,
        required=True,
        description=f"For staff: the latest {MAX_RUNS} runs.",
    )

    @staticmethod
    def resolve_insurance_events(_root: Any, info: Any, search: str) -> StaffEventsResult:
        def work(_channel_ids: Collection[int]) -> dict[str, Any]:
            decisions.require_typed("name", search)
            found = tickets.products_like(search, limit=MAX_FOUND)
            return {"events": [StaffEventProduct(id=key, name=name) for key, name in found]}

        return answered(info, StaffEventsResult, work, empty={"events": []})

    @staticmethod
    def resolve_insurance_event(_root: Any, info: Any, product: str) -> StaffEventResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            found = performances.performances_of_tickets(_tickets(product))
            return {"performances": [_performance_of(one, channel_ids) for one in found]}

        return answered(info, StaffEventResult, work, empty={"performances": []})

    @staticmethod
    def resolve_insurance_event_choice(
        _root: Any, info: Any, product: str, variants: list[str]
    ) -> StaffEventChoiceResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            chosen = [ticket.key for ticket in _chosen(product, variants)]
            choice = StaffEventChoice()
            choice.covers = _in_channels(event_changes.covers_of(chosen), channel_ids)
            return {"choice": choice}

        return answered(info, StaffEventChoiceResult, work)

    @staticmethod
    def resolve_insurance_event_run(_root: Any, info: Any, id: str) -> StaffEventRunResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            return {"run": _run_of(_run(id, channel_ids))}

        return answered(info, StaffEventRunResult, work)

    @staticmethod
    def resolve_insurance_event_runs(_root: Any, info: Any) -> StaffEventRunsResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            return {"runs": [_run_of(run) for run in runs.runs_of(channel_ids, MAX_RUNS)]}

        return answered(info, StaffEventRunsResult, work, empty={"runs": []})


class BeginEventRun(graphene.Mutation):
    """Tell that an event was cancelled or moved, or takes place after all.

    The work on its policies is done in the background. A cancelled event: XCover is asked what
    cancelling each policy would refund; nothing is cancelled before insuranceApproveEventRun.
    """

    class Arguments:
        product = graphene.String(required=True, description="The product: slug, id or SKU.")
        variants = graphene.List(
            graphene.NonNull(graphene.ID),
            required=True,
            description="Which of its tickets, as InsurancePerformance names them.",
        )
        change = InsuranceEventChange(required=True, description="What happened to the event.")
        starts_at = graphene.DateTime(description="The new start of a moved event, with offset.")
        policies = graphene.Int(
            required=True, description="The number of policies in force, typed by a person."
        )

    Output = StaffEventRunResult

    @staticmethod
    def mutate(
        _root: Any,
        info: Any,
        product: str,
        variants: list[str],
        change: str,
        policies: int,
        starts_at: datetime | None = None,
    ) -> StaffEventRunResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            kind = EventChangeKind(change)
            meant = runs.Change(kind, _chosen(product, variants), _start_of(kind, starts_at))
            return {"run": _run_of(runs.begin(meant, policies, channel_ids, utc_now()))}

        return answered(info, StaffEventRunResult, work)


class ApproveEventRun(graphene.Mutation):
    """Cancel every policy of a cancelled event for which XCover would refund the store.

    It cannot be undone. Others stay in force and wait for a decision each.
    """

    class Arguments:
        id = _run_id()
        policies = graphene.Int(
            required=True, description="The number of those policies, typed by a person."
        )
        seen_at = graphene.DateTime(
            required=True, description="The run's seenAt with the refunds a person looked at."
        )

    Output = StaffEventRunResult

    @staticmethod
    def mutate(
        _root: Any, info: Any, id: str, policies: int, seen_at: datetime
    ) -> StaffEventRunResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            run, seen = _run(id, channel_ids), moment_of("seenAt", seen_at)
            return {"run": _run_of(runs.approve(run.pk, policies, seen, utc_now()))}

        return answered(info, StaffEventRunResult, work)


class WithdrawEventRun(graphene.Mutation):
    """Take back that an event was cancelled, before its refunds were approved."""

    class Arguments:
        id = _run_id()

    Output = StaffEventRunResult

    @staticmethod
    def mutate(_root: Any, info: Any, id: str) -> StaffEventRunResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            run = _run(id, channel_ids)
            return {"run": _run_of(runs.withdraw(run.pk, utc_now()))}

        return answered(info, StaffEventRunResult, work)


class StaffEventMutation(graphene.ObjectType):
    """The fields of the mutation about events."""

    insurance_begin_event_run = BeginEventRun.Field(required=True)
    insurance_approve_event_run = ApproveEventRun.Field(required=True)
    insurance_withdraw_event_run = WithdrawEventRun.Field(required=True)


def _tickets(product: str) -> list[Ticket]:
    """Return the tickets of the product that staff named. Raise ``DecisionRefused``."""
    decisions.require_typed("product", product)
    try:
        found = tickets.tickets_of(product, utc_now())
    except tickets.SeveralProducts as several:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT,
            f"Several products are, or were, called so. Name one by its id: {several}.",
        ) from None
    if not found:
        raise DecisionRefused(DecisionCode.BAD_INPUT, "There is no such product.")
    return found


def variants_of(product: str) -> list[str]:
    """Return the variants of the product that staff named. Raise ``DecisionRefused``."""
    return [ticket.key for ticket in _tickets(product)]


def _chosen(product: str, variants: Sequence[str]) -> list[Ticket]:
    """Return those tickets of a product. Raise ``DecisionRefused`` if one is not of it."""
    found = {ticket.key: ticket for ticket in _tickets(product)}
    chosen = list(dict.fromkeys(variants))
    if not chosen or not set(chosen) <= set(found):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "variants are ids of tickets of this product, at least one."
        )
    return [found[key] for key in chosen]


def _start_of(kind: EventChangeKind, starts_at: datetime | None) -> datetime | None:
    """Read the new start. Raise ``DecisionRefused`` for one that cannot be."""
    if kind != EventChangeKind.MOVED:
        if starts_at is not None:
            raise DecisionRefused(
                DecisionCode.BAD_INPUT, "startsAt goes with the change MOVED only."
            )
        return None
    return moment_of("startsAt", starts_at)


def _performance_of(one: Performance, channel_ids: Collection[int]) -> StaffPerformance:
    shown = StaffPerformance(
        label=one.label,
        starts_at=one.starts_at,
        is_cancelled=one.is_cancelled,
        variants=one.variants,
    )
    shown.covers = _in_channels(event_changes.covers_of(one.variants), channel_ids)
    return shown


def _in_channels(covers: Sequence[int], channel_ids: Collection[int]) -> list[int]:
    found: list[int] = []
    for page in event_changes.pages(covers):
        own = Cover.objects.filter(pk__in=page, channel_id__in=channel_ids)
        found += own.order_by("pk").values_list("pk", flat=True)
    return found


def _outcomes(covers: Sequence[int]) -> list[StaffOutcome]:
    return [
        StaffOutcome(
            what=each.what, policies=each.policies, refund=money(each.refund, each.currency)
        )
        for each in event_runs.outcomes(covers)
    ]


def _run(text: str, channel_ids: Collection[int]) -> EventRun:
    key = whole_number(text)
    run = runs.find(key, channel_ids) if key is not None else None
    if run is None:
        raise DecisionRefused(
            DecisionCode.NOT_WAITING, "There is no such run in the channels you may manage."
        )
    return run


def _run_of(run: EventRun) -> StaffEventRun:
    shown = StaffEventRun(
        id=run.pk,
        change=known(_values(EventChangeKind), run.change),
        status=known(_values(EventRunStatus), run.status),
        label=run.label,
        starts_at=run.starts_at,
        policies=run.policies,
        created_at=run.created_at,
        seen_at=utc_now(),
        notice=runs.notice_of(run),
    )
    shown.row = run
    return shown


def _values(kind: Iterable[Any]) -> list[str]:
    return [each.value for each in kind]
