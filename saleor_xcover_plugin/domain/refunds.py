"""What of an order went back to the buyer: pieces of its lines, and plain money."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class RefundScope(StrEnum):
    """What was given back, seen from the policy."""

    EVERYTHING = "everything"
    """The insured tickets and their cover, or all the money."""
    TICKETS = "tickets"
    """Every insured ticket, but not the cover."""
    SOME_TICKETS = "some_tickets"
    COVER = "cover"
    """The cover and no ticket."""
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
class Intention:
    """A refund somebody wrote down: a granted refund or a refunded fulfillment.

    It says for what; only ``amount`` (gross, in the order's currency) that really went back counts.
    """

    amount: Decimal
    pieces: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """How many pieces of which order line."""
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Refunded:
    """What went back. Amounts are gross, in the order's currency."""

    amount: Decimal = Decimal(0)
    """All money given back, chargebacks left out."""
    charged_back: Decimal = Decimal(0)
    pieces: Mapping[uuid.UUID, int] = field(default_factory=dict)
    by_lines: Decimal = Decimal(0)
    """The part of ``amount`` that was for those pieces."""

    @property
    def plain_money(self) -> Decimal:
        """The part nobody said a line for."""
        return self.amount - self.by_lines


def attribute(
    amount: Decimal, intentions: Sequence[Intention], *, charged_back: Decimal = Decimal(0)
) -> Refunded:
    """Say which pieces the money that went back was for.

    An intention counts as soon as that much money went back, those the host calls done first:
    reports of payment apps are often not tied to the refund they carry out.
    """
    left, by_lines = amount, Decimal(0)
    pieces: dict[uuid.UUID, int] = {}
    for intention in sorted(intentions, key=lambda one: not one.is_done):
        if intention.amount > left:
            continue
        left -= intention.amount
        if not intention.pieces:
            continue
        by_lines += intention.amount
        for line_id, count in intention.pieces.items():
            pieces[line_id] = pieces.get(line_id, 0) + count
    return Refunded(amount, charged_back, pieces, by_lines)


@dataclass(frozen=True, slots=True)
class LineCount:
    """One line of an order: which variant, and how many pieces were bought."""

    id: uuid.UUID
    variant: str
    quantity: int


def scope_of_pieces(
    refunded: Refunded,
    lines: Sequence[LineCount],
    *,
    insured: Collection[str],
    cover_lines: Collection[uuid.UUID],
) -> RefundScope:
    """Say what the refunded pieces and the rest of the money mean for the policy.

    ``insured`` holds the variants the policy covers. Other goods are none of its business.
    """
    tickets = [line for line in lines if line.variant in insured]
    back = [min(refunded.pieces.get(line.id, 0), line.quantity) for line in tickets]
    is_cover_back = any(refunded.pieces.get(line_id) for line_id in cover_lines)
    if tickets and all(count == line.quantity for count, line in zip(back, tickets, strict=True)):
        return RefundScope.EVERYTHING if is_cover_back else RefundScope.TICKETS
    if any(back):
        return RefundScope.SOME_TICKETS
    if is_cover_back:
        return RefundScope.COVER
    return RefundScope.MONEY if refunded.plain_money > 0 else RefundScope.NOTHING
