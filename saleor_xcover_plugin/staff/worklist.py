"""List what needs a person: covers, cancellations, changes and calls that wait, and money due.

Each is a case with an id that stays the same for as long as it waits. The oldest come first; those
without money at stake come last.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, IntegerField, Q, QuerySet, Value

from ..domain.cases import CaseKind, Position
from ..domain.messages import CANCELLATION_KINDS, MODIFICATION_KINDS, MessageKind
from ..domain.money import Money
from ..domain.numbers import whole_number
from ..domain.states import CancellationStatus, CoverStatus, MessageState, ModificationStatus
from ..models import COVER_WAITS, Cancellation, Cover, Modification, Offer, OutboxMessage
from .decisions import DecisionCode, DecisionRefused
from .subjects import MessageOrder, orders_of

MAX_PAGE_LENGTH = 100
"""Largest number of cases on a page."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Conditions on cases, all of which must hold. The defaults match every case."""

    kind: CaseKind | None = None
    variants: Collection[str] | None = None
    """Primary keys, as text, of product variants of which at least one must be insured."""
    order_id: uuid.UUID | None = None
    before: datetime | None = None
    """Only cases that have waited since before this time (UTC)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that waits for a person."""

    position: Position
    channel_id: int
    sentence: str
    """What happened, and what it means for the order."""
    reason_code: str = ""
    """A ``ReasonCode``, or empty."""
    money: Money | None = None
    """What is at stake: the premium, what XCover would refund, or what is due back."""
    order: MessageOrder | None = None
    offer: Offer | None = field(default=None, repr=False)
    cover: Cover | None = field(default=None, repr=False)
    """The cover it is about; None for an order that never had one."""
    cancellation: Cancellation | None = field(default=None, repr=False)
    message: OutboxMessage | None = field(default=None, repr=False)
    """The parked message that a retry sends again, if there is one."""

    @property
    def kind(self) -> CaseKind:
        """Return what waits."""
        return CaseKind(self.position.kind)


@dataclass(frozen=True, slots=True)
class Page:
    """Cases in their order."""

    cases: Sequence[Case]
    has_next: bool


NO_PAGE = Page((), has_next=False)


def page_of(
    channel_ids: Collection[int], wanted: CaseFilter, *, length: int, after: Position | None
) -> Page:
    """Return the next cases of these channels; ``after`` is the last one of the page before."""
    first, *others = (part.positions(channel_ids, wanted, after) for part in _parts(wanted))
    listed = first.union(*others, all=True) if others else first
    rows = list(listed.order_by(*_COLUMNS)[: length + 1])
    return Page(_cases([_position(row) for row in rows[:length]]), has_next=len(rows) > length)


def counts(channel_ids: Collection[int], wanted: CaseFilter) -> dict[CaseKind, int]:
    """Return the number of cases of each kind that match, those of 0 included."""
    return {part.kind: part.positions(channel_ids, wanted, None).count() for part in _parts(wanted)}


def find(case_id: str, channel_ids: Collection[int]) -> Case | None:
    """Return the case with this id if it still waits in one of these channels, or None.

    Raise ``DecisionRefused`` for a text that is no id of a case.
    """
    name, _, text = case_id.partition("-")
    key = whole_number(text)
    if name not in set(CaseKind) or key is None:
        raise DecisionRefused(DecisionCode.BAD_INPUT, "id is the id of an InsuranceCase.")
    waiting = _PARTS[CaseKind(name)].positions(channel_ids, CaseFilter(), None)
    cases = _cases([_position(row) for row in waiting.filter(pk=key)])
    return cases[0] if cases else None


_COLUMNS = ("case_rank", "case_since", "case_kind", "case_key")


def _position(row: Mapping[str, Any]) -> Position:
    return Position(*(row[column] for column in _COLUMNS))


@dataclass(frozen=True, slots=True)
class _Part:
    """The cases of one kind, as a query of the rows that wait."""

    kind: CaseKind
    rows: Callable[[], QuerySet[Any]]
    """Returns the rows that wait."""
    is_about: Callable[[CaseFilter], Q]
    """Returns the condition that they are about the order and event of a filter."""
    since: str
    """Column or annotation that tells since when they wait."""
    channel: str
    """Lookup of their channel."""
    has_money: bool = True

    def positions(
        self, channel_ids: Collection[int], wanted: CaseFilter, after: Position | None
    ) -> QuerySet[Any, dict[str, Any]]:
        """Return the positions of matching cases behind ``after``, in no order."""
        rows = self.rows().filter(self.is_about(wanted), **{f"{self.channel}__in": channel_ids})
        if wanted.before is not None:
            rows = rows.filter(**{f"{self.since}__lt": wanted.before})
        if after is not None:
            rows = rows.filter(self._is_behind(after))
        return rows.order_by().values(
            case_rank=Value(self._rank, output_field=IntegerField()),
            case_since=F(self.since),
            case_kind=Value(self.kind.value, output_field=CharField()),
            case_key=F("pk"),
        )

    @property
    def _rank(self) -> int:
        return 0 if self.has_money else 1

    def _is_behind(self, after: Position) -> Q:
        if self._rank != after.rank:
            return Q() if self._rank > after.rank else Q(pk__in=[])
        later = Q(**{f"{self.since}__gt": after.since})
        if self.kind.value < after.kind:
            return later
        same = Q(**{self.since: after.since})
        return later | (same if self.kind.value > after.kind else same & Q(pk__gt=after.key))


def _of_cover(prefix: str = "") -> Callable[[CaseFilter], Q]:
    """Return the condition for rows whose cover has this lookup prefix."""

    def is_about(wanted: CaseFilter) -> Q:
        found = Q()
        if wanted.order_id is not None:
            found &= Q(**{f"{prefix}order_id": wanted.order_id})
        if wanted.variants is not None:
            insured = f"{prefix}offer__request__tickets__has_any_keys"
            found &= Q(**{insured: list(wanted.variants)})
        return found

    return is_about


def _is_call_about(wanted: CaseFilter) -> Q:
    if wanted.order_id is None and wanted.variants is None:
        return Q()
    covers = Cover.objects.filter(_of_cover()(wanted))
    offers = Offer.objects.all()
    if wanted.order_id is not None:
        offers = offers.filter(order_id=wanted.order_id)
    if wanted.variants is not None:
        offers = offers.filter(request__tickets__has_any_keys=list(wanted.variants))
    cancellations = Cancellation.objects.filter(cover__in=covers)
    changes = Modification.objects.filter(cover__in=covers)
    return (
        Q(kind=MessageKind.OPT_OUT, subject_id__in=offers.values("pk"))
        | Q(kind=MessageKind.CONFIRM, subject_id__in=covers.values("pk"))
        | Q(kind__in=CANCELLATION_KINDS, subject_id__in=cancellations.values("pk"))
        | Q(kind__in=MODIFICATION_KINDS, subject_id__in=changes.values("pk"))
    )


def _parked_covers() -> QuerySet[Cover]:
    return Cover.objects.filter(status=CoverStatus.PARKED.value).annotate(waits=COVER_WAITS)


def _covers_due() -> QuerySet[Cover]:
    """Return covers with money due, of which nothing else waits."""
    due = Cover.objects.filter(amount_due_back__gt=0)
    return due.exclude(status=CoverStatus.PARKED.value).annotate(waits=COVER_WAITS)


def _parked_cancellations() -> QuerySet[Cancellation]:
    return Cancellation.objects.filter(status=CancellationStatus.PARKED.value)


def _parked_changes() -> QuerySet[Modification]:
    return Modification.objects.filter(status=ModificationStatus.PARKED.value)


def _parked_messages() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(status=MessageState.PARKED.value)


def _other_calls() -> QuerySet[OutboxMessage]:
    """Return the parked messages whose subject is not a case of its own."""
    return _parked_messages().exclude(
        Q(kind=MessageKind.CONFIRM, subject_id__in=_parked_covers().values("pk"))
        | Q(kind__in=CANCELLATION_KINDS, subject_id__in=_parked_cancellations().values("pk"))
        | Q(kind__in=MODIFICATION_KINDS, subject_id__in=_parked_changes().values("pk"))
    )


_PARTS: Mapping[CaseKind, _Part] = {
    part.kind: part
    for part in (
        _Part(CaseKind.POLICY, _parked_covers, _of_cover(), "waits", "channel_id"),
        _Part(
            CaseKind.CANCELLATION,
            _parked_cancellations,
            _of_cover("cover__"),
            "created_at",
            "cover__channel_id",
        ),
        _Part(CaseKind.DUE, _covers_due, _of_cover(), "waits", "channel_id"),
        _Part(
            CaseKind.CHANGE,
            _parked_changes,
            _of_cover("cover__"),
            "created_at",
            "cover__channel_id",
            has_money=False,
        ),
        _Part(
            CaseKind.CALL, _other_calls, _is_call_about, "updated_at", "channel_id", has_money=False
        ),
    )
}


def _parts(wanted: CaseFilter) -> list[_Part]:
    return list(_PARTS.values()) if wanted.kind is None else [_PARTS[wanted.kind]]


def _cases(positions: Sequence[Position]) -> list[Case]:
    """Read the cases at these positions; those that were decided meanwhile are left out."""
    found: dict[Position, Case] = {}
    for kind in CaseKind:
        of_kind = {position.key: position for position in positions if position.kind == kind}
        if of_kind:
            found |= {case.position: case for case in _READERS[kind](of_kind)}
    return [found[position] for position in positions if position in found]


_Positions = Mapping[int, Position]
"""Positions of one kind by the primary key of their row."""


def _read_covers(positions: _Positions) -> Iterator[Case]:
    messages = _parked_by_subject(positions, (MessageKind.CONFIRM,))
    for cover in Cover.objects.select_related("offer").filter(pk__in=positions):
        due = Money(cover.amount_due_back, cover.currency)
        yield Case(
            positions[cover.pk],
            cover.channel_id,
            cover.reason or f"{due} is due back to the buyer.",
            cover.reason_code,
            due if cover.amount_due_back else cover.premium_money,
            MessageOrder(cover.order_id, cover.order_number),
            cover.offer,
            cover,
            message=messages.get(cover.pk),
        )


def _read_cancellations(positions: _Positions) -> Iterator[Case]:
    messages = _parked_by_subject(positions, CANCELLATION_KINDS)
    rows = Cancellation.objects.select_related("cover__offer").filter(pk__in=positions)
    for row in rows:
        cover = row.cover
        yield Case(
            positions[row.pk],
            cover.channel_id,
            row.sentence,
            "",
            row.refund_money or cover.premium_money,
            MessageOrder(cover.order_id, cover.order_number),
            cover.offer,
            cover,
            row,
            messages.get(row.pk),
        )


def _read_changes(positions: _Positions) -> Iterator[Case]:
    messages = _parked_by_subject(positions, MODIFICATION_KINDS)
    for row in Modification.objects.select_related("cover__offer").filter(pk__in=positions):
        cover = row.cover
        yield Case(
            positions[row.pk],
            cover.channel_id,
            row.sentence,
            order=MessageOrder(cover.order_id, cover.order_number),
            offer=cover.offer,
            cover=cover,
            message=messages.get(row.pk),
        )


def _read_calls(positions: _Positions) -> Iterator[Case]:
    messages = list(OutboxMessage.objects.filter(pk__in=positions))
    orders = orders_of(messages)
    covers = {
        cover.order_id: cover
        for cover in Cover.objects.select_related("offer").filter(
            order_id__in=[order.id for order in orders.values()]
        )
    }
    offers = Offer.objects.in_bulk(
        [message.subject_id for message in messages if _is_opt_out(message)]
    )
    for message in messages:
        order = orders.get(message.pk)
        cover = covers.get(order.id) if order is not None else None
        offer = cover.offer if cover is not None else None
        yield Case(
            positions[message.pk],
            message.channel_id,
            message.last_error,
            message.reason_code,
            order=order,
            offer=offers.get(message.subject_id, offer) if _is_opt_out(message) else offer,
            cover=cover,
            message=message,
        )


def _is_opt_out(message: OutboxMessage) -> bool:
    return message.kind == MessageKind.OPT_OUT


_READERS: Mapping[CaseKind, Callable[[_Positions], Iterator[Case]]] = {
    CaseKind.POLICY: _read_covers,
    CaseKind.CANCELLATION: _read_cancellations,
    CaseKind.DUE: _read_covers,
    CaseKind.CHANGE: _read_changes,
    CaseKind.CALL: _read_calls,
}


def _parked_by_subject(
    subject_ids: Collection[int], kinds: Collection[str]
) -> dict[int, OutboxMessage]:
    """Return the latest parked message of these kinds about each subject."""
    about = _parked_messages().filter(kind__in=kinds, subject_id__in=subject_ids)
    return {message.subject_id: message for message in about.order_by("pk")}
