"""Attribute the money refunded to a buyer to lines of the order, to shipping, or to neither.

All amounts are gross, in the order's currency.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

ZERO = Decimal(0)
"""No money."""


class RefundScope(StrEnum):
    """The scope of all refunds of an order, as far as it concerns the policy."""

    EVERYTHING = "everything"
    """The insured tickets and their cover, or all the money."""
    TICKETS = "tickets"
    """Every insured ticket, but not the cover."""
    SOME_TICKETS = "some_tickets"
    """Some insured tickets, with or without the cover."""
    COVER = "cover"
    """The cover and no ticket."""
    SHORT = "short"
    """Insured tickets or the cover, but with less money than they cost."""
    MONEY = "money"
    """An amount that belongs to no line."""
    CHARGEBACK = "chargeback"
    """The buyer's bank took the payment back."""
    NOTHING = "nothing"

    @property
    def includes_premium(self) -> bool:
        """True if the premium was refunded with it."""
        return self in (RefundScope.EVERYTHING, RefundScope.COVER)


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of an order."""

    id: uuid.UUID
    variant: str
    """The key of its variant."""
    quantity: int
    unit_price: Decimal = ZERO
    total: Decimal | None = None
    """Price of all its pieces, if rounding makes it differ from quantity times unit price."""

    def cost_of(self, pieces: int) -> Decimal:
        """Return the price of some of its pieces, as Saleor computes a refund of lines.

        It never exceeds the price of the whole line, although unit prices are rounded.
        """
        cost = self.unit_price * min(pieces, self.quantity)
        return cost if self.total is None else min(cost, self.total)

    def costs(self) -> set[Decimal]:
        """Return the prices of one piece, of two, and so on up to the whole line."""
        counts = range(1, self.quantity + 1) if self.unit_price > 0 else ()
        whole = {self.total} if self.total else set()
        return {self.cost_of(count) for count in counts} | whole


@dataclass(frozen=True, slots=True)
class Sold:
    """Everything in an order that money can be refunded for."""

    lines: Sequence[SoldLine] = ()
    """All lines, including covers and gifts."""
    covers: Collection[uuid.UUID] = ()
    """Ids of the cover lines."""
    shipping: Decimal = ZERO
    """Price of shipping."""
    total: Decimal = ZERO
    """Price of the whole order."""

    def cost_of(self, pieces: Mapping[uuid.UUID, int]) -> Decimal:
        """Return the price of pieces by line id; unknown lines cost nothing."""
        named = (line.cost_of(pieces[line.id]) for line in self.lines if line.id in pieces)
        return sum(named, ZERO)


@dataclass(frozen=True, slots=True)
class Intention:
    """A refund recorded in Saleor with its purpose: a granted refund or a refunded fulfillment.

    It counts only as far as its money was refunded.
    """

    amount: Decimal
    pieces: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """Numbers of pieces it is for, by the id of their line."""
    is_done: bool = False
    """True if Saleor knows that its money was refunded; otherwise it is a plan."""
    shipping: Decimal = ZERO
    """The part of the price of shipping it is for."""

    @property
    def names_something(self) -> bool:
        """True if it is for pieces or shipping, not just an amount."""
        return bool(self.pieces) or self.shipping > 0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One refund of less money than its pieces and shipping cost."""

    amount: Decimal
    cost: Decimal
    """Price of everything it is for, including shipping."""
    by_line: Mapping[uuid.UUID, Decimal]
    """Price of its pieces, by the id of their line."""

    def of(self, lines: Collection[uuid.UUID]) -> tuple[Decimal, Decimal]:
        """Return the price of its pieces of some lines, and the money left for them.

        Everything else that it is for is paid first.
        """
        cost = sum((cost for line_id, cost in self.by_line.items() if line_id in lines), ZERO)
        return cost, max(self.amount - (self.cost - cost), ZERO)


@dataclass(frozen=True, slots=True)
class Refunded:
    """The refunds of an order, attributed to its lines."""

    amount: Decimal = ZERO
    """All refunded money except chargebacks."""
    charged_back: Decimal = ZERO
    """Money that the buyer's bank took back."""
    pieces: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """Numbers of pieces whose price was refunded, by the id of their line."""
    short: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """Numbers of pieces in refunds of less money than they cost, by the id of their line."""
    shortfalls: Sequence[Shortfall] = ()
    """The refunds of ``short``."""
    named: Decimal = ZERO
    """The part of ``amount`` that was for named lines or shipping."""
    for_cover: Decimal = ZERO
    """The part of ``amount`` that was for cover lines, which are paid last if it is too little."""

    @property
    def plain_money(self) -> Decimal:
        """The part of ``amount`` that was for no named line or shipping."""
        return self.amount - self.named

    def short_of(self, lines: Collection[uuid.UUID]) -> tuple[Decimal, Decimal]:
        """Return the price of some lines' pieces in ``short``, and the money refunded for them.

        In each refund, pieces of other lines and shipping are paid first.
        """
        sums = [shortfall.of(lines) for shortfall in self.shortfalls]
        return sum((cost for cost, _ in sums), ZERO), sum((back for _, back in sums), ZERO)


def attribute(
    amount: Decimal,
    intentions: Sequence[Intention],
    sold: Sold,
    *,
    charged_back: Decimal = ZERO,
    payments: Sequence[Decimal] | None = None,
    unnamed: Decimal = ZERO,
) -> Refunded:
    """Attribute refunded money to the recorded intentions.

    ``amount`` is all refunded money except chargebacks, and ``unnamed`` the part of it that is
    known to be for no line. Intentions that are done count as far as the other money reaches. The
    rest counts for a plan only if that is certain (``_carried_out``). ``payments`` are the single
    refunds that make up this rest, None if it is one; each is matched by itself, since each may
    have been for something else. Whatever remains is plain money.
    """
    counted, left = [], amount - unnamed
    for intention in (one for one in intentions if one.is_done):
        if intention.amount <= left:
            left -= intention.amount
            counted.append(intention)
    rest = left + unnamed
    plans = [one for one in intentions if not one.is_done and one.amount > 0]
    single = [rest] if payments is None else payments
    if sum(single, ZERO) == rest:
        counted += _plans_paid(single, plans, counted, sold)
    return _summed(amount, charged_back, counted, sold)


_MANY = 10
"""Number of plans or refunds above which no attempt is made to match amounts."""
_MANY_SUMS = 5000
"""Number of possible sums above which any amount is taken to be one of them."""


def _plans_paid(
    payments: Sequence[Decimal],
    plans: Sequence[Intention],
    done: Sequence[Intention],
    sold: Sold,
) -> list[Intention]:
    """Return the plans that single refunds certainly carried out."""
    found: list[Intention] = []
    for number, payment in enumerate(payments):
        others = [*payments[:number], *payments[number + 1 :]]
        open_still = [plan for plan in plans if not any(plan is one for one in found)]
        found += _carried_out(payment, others, open_still, [*done, *found], sold)
    return found


def _carried_out(
    amount: Decimal,
    others: Sequence[Decimal],
    plans: Sequence[Intention],
    done: Sequence[Intention],
    sold: Sold,
) -> list[Intention]:
    """Return the plans an amount was for, or none if it may have been for something else.

    It must be the sum of exactly one set of plans. Alone or together with other refunds it must not
    be the price of anything else: pieces of other lines, shipping, or the whole rest of the order.
    """
    if amount <= 0 or len(plans) > _MANY:
        return []
    fitting = [
        chosen
        for count in range(1, len(plans) + 1)
        for chosen in combinations(plans, count)
        if sum((plan.amount for plan in chosen), ZERO) == amount
    ]
    if len(fitting) != 1:
        return []
    (chosen,) = fitting
    return [] if _may_be_for_more(amount, others, chosen, done, sold) else list(chosen)


def _may_be_for_more(
    amount: Decimal,
    others: Sequence[Decimal],
    chosen: Sequence[Intention],
    done: Sequence[Intention],
    sold: Sold,
) -> bool:
    """Return True if an amount may be the price, or complete the price, of something else."""
    more = [*others, *(one.amount for one in done)]
    parts = _sums([one] for one in more) if len(more) <= _MANY else None
    costs = _sums(_costs_outside(chosen, sold))
    if parts is None or costs is None:
        return True
    rest = sold.total - sum((one.amount for one in (*chosen, *done)), ZERO)
    return any(amount + part in costs or amount + part == rest for part in parts)


def _costs_outside(chosen: Sequence[Intention], sold: Sold) -> Iterator[Collection[Decimal]]:
    """Yield the prices of one or more pieces of each line outside the plans, and of shipping."""
    named = {line_id for plan in chosen for line_id in plan.pieces}
    for line in sold.lines:
        if line.id not in named:
            yield line.costs()
    if not any(plan.shipping for plan in chosen):
        yield [sold.shipping]


def _sums(choices: Iterable[Collection[Decimal]]) -> set[Decimal] | None:
    """Return all sums of one or no amount of each choice, or None if there are too many."""
    sums = {ZERO}
    for amounts in choices:
        sums |= {known + amount for known in sums for amount in amounts}
        if len(sums) > _MANY_SUMS:
            return None
    return sums


def _summed(
    amount: Decimal, charged_back: Decimal, counted: Sequence[Intention], sold: Sold
) -> Refunded:
    pieces: dict[uuid.UUID, int] = {}
    short: dict[uuid.UUID, int] = {}
    shortfalls: list[Shortfall] = []
    named = for_cover = ZERO
    for intention in counted:
        cost = sold.cost_of(intention.pieces) + intention.shipping
        is_short = intention.amount < cost
        for line_id, count in intention.pieces.items():
            into = short if is_short else pieces
            into[line_id] = into.get(line_id, 0) + count
        if is_short:
            by_line = {line: sold.cost_of({line: n}) for line, n in intention.pieces.items()}
            shortfalls.append(Shortfall(intention.amount, cost, by_line))
        if intention.names_something:
            named += min(intention.amount, cost)
        for_cover += _for_cover(intention, cost, sold)
    return Refunded(amount, charged_back, pieces, short, shortfalls, named, for_cover)


def _for_cover(intention: Intention, cost: Decimal, sold: Sold) -> Decimal:
    """Return the money of an intention for cover lines, which its other pieces leave over."""
    covers = {line_id: n for line_id, n in intention.pieces.items() if line_id in sold.covers}
    of_covers = sold.cost_of(covers)
    return min(max(intention.amount - (cost - of_covers), ZERO), of_covers)


def scope_of_pieces(
    refunded: Refunded,
    lines: Sequence[SoldLine],
    *,
    insured: Collection[str],
    cover_lines: Collection[uuid.UUID],
) -> RefundScope:
    """Return the scope of the refunded pieces and money.

    ``lines`` are all lines of the order, ``insured`` the keys of the insured variants, and
    ``cover_lines`` the ids of the cover lines. Lines with other goods do not count.
    """
    tickets = [line for line in lines if line.variant in insured]
    ours = {*cover_lines, *(line.id for line in tickets)}
    if any(line_id in ours for line_id in refunded.short):
        return RefundScope.SHORT
    back = [min(refunded.pieces.get(line.id, 0), line.quantity) for line in tickets]
    is_cover_back = any(refunded.pieces.get(line_id) for line_id in cover_lines)
    if tickets and all(count == line.quantity for count, line in zip(back, tickets, strict=True)):
        return RefundScope.EVERYTHING if is_cover_back else RefundScope.TICKETS
    if any(back):
        return RefundScope.SOME_TICKETS
    if is_cover_back:
        return RefundScope.COVER
    return RefundScope.MONEY if refunded.plain_money > 0 else RefundScope.NOTHING
