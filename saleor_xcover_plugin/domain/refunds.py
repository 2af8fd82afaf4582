"""What of an order went back to the buyer: pieces of its lines, shipping, and plain money.

Amounts are gross, in the order's currency.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

ZERO = Decimal(0)


class RefundScope(StrEnum):
    """What was given back, seen from the policy."""

    EVERYTHING = "everything"
    """The insured tickets and their cover, or all the money."""
    TICKETS = "tickets"
    """Every insured ticket, but not the cover."""
    SOME_TICKETS = "some_tickets"
    COVER = "cover"
    """The cover and no ticket."""
    SHORT = "short"
    """Insured tickets or the cover were named, but less money went back than they cost."""
    MONEY = "money"
    """An amount that belongs to no line."""
    CHARGEBACK = "chargeback"
    """The buyer's bank took the payment back."""
    NOTHING = "nothing"

    @property
    def includes_premium(self) -> bool:
        """Whether the premium went back with it."""
        return self in (RefundScope.EVERYTHING, RefundScope.COVER)


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of an order: which variant, how many pieces, and what they cost."""

    id: uuid.UUID
    variant: str
    quantity: int
    unit_price: Decimal = ZERO
    total: Decimal | None = None
    """What all its pieces cost where rounding makes that differ from their unit price."""

    def cost_of(self, pieces: int) -> Decimal:
        """Return what so many of its pieces cost, as Saleor reckons a refund of lines.

        Never more than the whole line: a unit price is rounded.
        """
        cost = self.unit_price * min(pieces, self.quantity)
        return cost if self.total is None else min(cost, self.total)

    def costs(self) -> set[Decimal]:
        """Return what one of its pieces costs, two, and so on up to the whole line."""
        counts = range(1, self.quantity + 1) if self.unit_price > 0 else ()
        whole = {self.total} if self.total else set()
        return {self.cost_of(count) for count in counts} | whole


@dataclass(frozen=True, slots=True)
class Sold:
    """All that money of an order can go back for."""

    lines: Sequence[SoldLine] = ()
    """Every line, covers and gifts too."""
    covers: Collection[uuid.UUID] = ()
    """Which of them are cover lines."""
    shipping: Decimal = ZERO
    total: Decimal = ZERO
    """What the whole order costs."""

    def cost_of(self, pieces: Mapping[uuid.UUID, int]) -> Decimal:
        """Return what pieces cost; a line the order does not hold costs nothing."""
        named = (line.cost_of(pieces[line.id]) for line in self.lines if line.id in pieces)
        return sum(named, ZERO)


@dataclass(frozen=True, slots=True)
class Intention:
    """A refund somebody wrote down: a granted refund or a refunded fulfillment.

    It says for what; only ``amount`` that really went back counts.
    """

    amount: Decimal
    pieces: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """How many pieces of which order line."""
    is_done: bool = False
    """The host knows that its money went back. Otherwise it is a plan."""
    shipping: Decimal = ZERO
    """What of the cost of shipping it is for."""

    @property
    def names_something(self) -> bool:
        return bool(self.pieces) or self.shipping > 0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One refund of less than what it names costs."""

    amount: Decimal
    cost: Decimal
    """What all that it names costs, shipping too."""
    by_line: Mapping[uuid.UUID, Decimal]
    """What its pieces of each line cost."""

    def of(self, lines: Collection[uuid.UUID]) -> tuple[Decimal, Decimal]:
        """Return what its pieces of some lines cost, and what the others left for them."""
        cost = sum((cost for line_id, cost in self.by_line.items() if line_id in lines), ZERO)
        return cost, max(self.amount - (self.cost - cost), ZERO)


@dataclass(frozen=True, slots=True)
class Refunded:
    """What went back."""

    amount: Decimal = ZERO
    """All money given back, chargebacks left out."""
    charged_back: Decimal = ZERO
    pieces: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """Pieces that were named and whose cost went back."""
    short: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """Pieces that were named together with less money than they cost."""
    shortfalls: Sequence[Shortfall] = ()
    """Those, one by one."""
    named: Decimal = ZERO
    """The part of ``amount`` that somebody said a line or the shipping for."""
    for_cover: Decimal = ZERO
    """The part of ``amount`` that was for cover lines. Of a sum too small they are paid last."""

    @property
    def plain_money(self) -> Decimal:
        """The part nobody said anything for."""
        return self.amount - self.named

    def short_of(self, lines: Collection[uuid.UUID]) -> tuple[Decimal, Decimal]:
        """Return what the pieces of some lines cost that were named with too little money.

        And what went back for them. Of each sum, pieces of other lines and shipping are paid first.
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
    """Say what the money that went back was for.

    What the host calls done counts as far as the money reaches, without ``unnamed``: the part that
    is known to name nothing. The rest of the money is for a plan only where that is beyond doubt
    (``_carried_out``). ``payments`` are the single refunds that make up this rest, None where it is
    one; several never count together, since each may have been for something else. What is left is
    plain money.
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
"""Plans, or refunds, beyond which nobody could say which of them an amount was for."""
_MANY_SUMS = 5000
"""Sums that pieces of other lines can make, beyond which any amount may be one."""


def _plans_paid(
    payments: Sequence[Decimal],
    plans: Sequence[Intention],
    done: Sequence[Intention],
    sold: Sold,
) -> list[Intention]:
    """Return the plans that single refunds carried out."""
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
    """Return the plans an amount was for, or none when it may have been for something else.

    It must be the sum of exactly one set of plans and, alone or with ``others`` that went back, of
    nothing outside them: no pieces of other lines, not the shipping, not all the rest of the order.
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
    """Whether an amount may have been, or have completed, what something outside plans costs."""
    more = [*others, *(one.amount for one in done)]
    parts = _sums([one] for one in more) if len(more) <= _MANY else None
    costs = _sums(_costs_outside(chosen, sold))
    if parts is None or costs is None:
        return True
    rest = sold.total - sum((one.amount for one in (*chosen, *done)), ZERO)
    return any(amount + part in costs or amount + part == rest for part in parts)


def _costs_outside(chosen: Sequence[Intention], sold: Sold) -> Iterator[Collection[Decimal]]:
    """Yield for each other line what one or more pieces of it cost; for shipping likewise."""
    named = {line_id for plan in chosen for line_id in plan.pieces}
    for line in sold.lines:
        if line.id not in named:
            yield line.costs()
    if not any(plan.shipping for plan in chosen):
        yield [sold.shipping]


def _sums(choices: Iterable[Collection[Decimal]]) -> set[Decimal] | None:
    """Return what one or none of each choice add up to; None where that is too much to try."""
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
    """Return what an intention gave back for cover lines: what its other pieces left of it."""
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
    """Say what the refunded pieces and the rest of the money mean for the policy.

    ``insured`` holds the variants the policy covers. Other goods are none of its business.
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
