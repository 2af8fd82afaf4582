"""Make the checkout cost exactly tickets plus premium, with Saleor itself as the judge.

Saleor prices the tickets alone, then with the line, both under the checkout's lock. Where a
percentage off the order takes from the line, its price is corrected until both sums fit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from ..domain.money import Money
from ..domain.premium import Totals, corrections
from ..errors import Code, Refusal
from ..host import cover_line
from ..host.values import CoverLine


@dataclass(frozen=True, slots=True)
class Price:
    """What the cover line costs after all discounts, and what the buyer pays less than the premium.

    Gross amounts in the checkout's currency; ``absorbed`` is 0 unless the store allows it.
    """

    line: Decimal
    absorbed: Decimal


def put_exactly(
    checkout: Any, *, offer_id: int, variant_id: int, premium: Money, may_absorb: bool
) -> Price:
    """Insert the one cover line into a checkout without any. Raise ``Refusal`` if no price fits."""
    alone = cover_line.totals_without(checkout, [])
    line_id = cover_line.put(
        checkout,
        variant_id=variant_id,
        offer_id=offer_id,
        premium=premium.amount,
        first_at=checkout.created_at,
    )
    return _settle(checkout, line_id, premium, alone, Decimal(0), may_absorb=may_absorb)


def fits(
    checkout: Any,
    *,
    offer_id: int,
    variant_id: int,
    premiums: Sequence[Money],
    may_absorb: bool,
) -> bool:
    """Whether a line at each of these premiums could be put in. Tries it and takes all of it back.

    The tickets alone are priced once, and each premium once or, beside a discount, a few times.
    """
    try:
        with transaction.atomic():
            _prove(
                checkout,
                offer_id=offer_id,
                variant_id=variant_id,
                premiums=premiums,
                may_absorb=may_absorb,
            )
            transaction.set_rollback(True)
    except Refusal:
        return False
    return True


def _prove(
    checkout: Any,
    *,
    offer_id: int,
    variant_id: int,
    premiums: Sequence[Money],
    may_absorb: bool,
) -> None:
    alone = cover_line.totals_without(checkout, [])
    for premium in premiums:
        line_id = cover_line.put(
            checkout,
            variant_id=variant_id,
            offer_id=offer_id,
            premium=premium.amount,
            first_at=checkout.created_at,
        )
        _settle(checkout, line_id, premium, alone, Decimal(0), may_absorb=may_absorb)
        cover_line.remove([line_id])


def hold_exactly(checkout: Any, line: CoverLine, *, premium: Money, may_absorb: bool) -> Price:
    """Correct the line that is there after the checkout changed. Raise ``Refusal`` if none fits."""
    alone = cover_line.totals_without(checkout, [line.id])
    return _settle(checkout, line.id, premium, alone, line.correction, may_absorb=may_absorb)


def _settle(
    checkout: Any,
    line_id: uuid.UUID,
    premium: Money,
    alone: Totals,
    present: Decimal,
    *,
    may_absorb: bool,
) -> Price:
    def price_with(correction: Decimal) -> Totals:
        cover_line.correct(line_id, correction, premium.currency)
        return _priced(checkout)

    exact = Price(premium.amount, Decimal(0))
    if present and price_with(present).is_exact_beside(alone, premium.amount):
        return exact
    plain = price_with(Decimal(0))
    if plain.is_exact_beside(alone, premium.amount):
        return exact
    for correction in corrections(premium, plain.cover):
        if price_with(correction).is_exact_beside(alone, premium.amount):
            return exact
    paid = plain.costs_more_than(alone)
    if may_absorb and plain.keeps_the_rest_of(alone) and 0 <= paid <= premium.amount:
        price_with(Decimal(0))
        return Price(plain.cover, premium.amount - paid)
    raise Refusal(Code.PRICE_NOT_EXACT)


def _priced(checkout: Any) -> Totals:
    cover_line.recalculate(checkout)
    return cover_line.totals(checkout)
