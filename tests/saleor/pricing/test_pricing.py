"""Tickets alone plus the premium, to the cent, or no cover with a reason. Never an overcharge."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.saleor import bootstrap, version

from .cases import CASES, Case
from .play import Player
from .record import CoverLine, Record, excess
from .shop import Shop


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_buyer_pays_the_tickets_and_the_premium(
    case: Case, shop: Shop, player: Player, compare: Callable[[Case, Record], None]
) -> None:
    if version.is_older(bootstrap.version(), case.since):
        pytest.skip(f"Saleor {bootstrap.version()} refuses to complete this, with or without us")
    # given a shop with its discounts, taxes and shipping; when two shoppers buy there
    played = player.play(case, shop)
    # then
    compare(case, played)
    assert played == _expected(case)
    assert excess(played) <= 0


def _expected(case: Case) -> Record:
    """Spell the row out: what is not said follows from its outcome."""
    assert case.outcome != "exact" or _is_exact(case), "the row does not add up"
    word = case.outcome.partition("(")[0]
    price = case.line or case.premium or ""
    ordered = {"parked": case.due_back, "held": case.premium or ""}.get(word, price)
    nothing = {"JPY": "0", "KWD": "0.000"}.get(case.currency, "0.00")
    return Record(
        currency=case.currency,
        tickets_alone=case.alone,
        premium=case.premium,
        outcome=case.outcome,
        checkout_total=case.total,
        checkout_line=_line(case, price) if case.has_cover else None,
        order_total=case.order_total or case.total,
        order_line=_line(case, ordered) if case.has_cover else None,
        booked=case.premium if case.has_cover and word != "parked" else None,
        absorbed=case.outcome[9:-1] if word == "absorbed" else nothing,
        amount_due_back=case.due_back or nothing,
        paid_by_card=case.by_card or nothing,
    )


def _line(case: Case, price: str) -> CoverLine:
    """Without a discount in the line its price before discounts is the premium too."""
    return CoverLine(unit=price, undiscounted=case.premium or "", total=price)


def _is_exact(case: Case) -> bool:
    paid = Decimal(case.order_total or case.total) + Decimal(case.by_card or 0)
    return paid == Decimal(case.alone) + Decimal(case.premium or 0)
