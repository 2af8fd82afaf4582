"""Price the cover line so that the checkout costs exactly tickets plus premium.

Saleor itself prices the tickets alone and then with the line, both under the checkout's lock. If a
percentage discount on the order reduces the line, its price is corrected until the difference is
the premium. The line stands last, and Saleor puts the rounding difference of the discount into the
last line. If no correction fits there, the line is tried just before the last of the others
(docs/adr/0013-the-cover-line-stands-last.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from ..domain.money import Money
from ..domain.premium import CorrectionSearch, Totals
from ..errors import Code, Refusal
from ..host import cover_line
from ..host.values import CoverLine


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a cover line; gross amounts in the checkout's currency."""

    line: Decimal
    """Price of the line after all discounts."""
    absorbed: Decimal
    """Part of the premium that the store bears; 0 unless its settings allow it."""


def put_exactly(
    checkout: Any,
    *,
    offer_id: int,
    variant_id: int,
    premium: Money,
    may_absorb: bool,
    is_taxed_by_app: bool = False,
) -> Price:
    """Insert the cover line into a locked checkout without one, and return its price.

    ``may_absorb`` lets the store bear a difference that no correction removes. Raise ``Refusal``
    (``PRICE_NOT_EXACT``, ``SHIPPING_TAX_NOT_EXACT``, or ``TAXED_BY_APP`` where an app calculates
    the taxes) if no price fits; the caller rolls back.
    """
    alone = cover_line.totals_without(checkout, [])
    line_id = cover_line.put(
        checkout,
        variant_id=variant_id,
        offer_id=offer_id,
        premium=premium.amount,
    )
    settling = _Settling(checkout, line_id, premium, alone, is_taxed_by_app=is_taxed_by_app)
    return settling.settle(may_absorb=may_absorb)


def objection(
    checkout: Any,
    *,
    offer_id: int,
    variant_id: int,
    premiums: Sequence[Money],
    may_absorb: bool,
    is_taxed_by_app: bool = False,
) -> Code | None:
    """Return why a line at one of these premiums does not fit, or None if each of them fits.

    Tries them in a locked checkout and rolls everything back. Saleor prices the tickets alone once,
    and each premium once or, with a discount, a few times.
    """
    try:
        with transaction.atomic():
            _prove(
                checkout,
                offer_id=offer_id,
                variant_id=variant_id,
                premiums=premiums,
                may_absorb=may_absorb,
                is_taxed_by_app=is_taxed_by_app,
            )
            transaction.set_rollback(True)
    except Refusal as refusal:
        return refusal.code
    return None


def _prove(
    checkout: Any,
    *,
    offer_id: int,
    variant_id: int,
    premiums: Sequence[Money],
    may_absorb: bool,
    is_taxed_by_app: bool,
) -> None:
    alone = cover_line.totals_without(checkout, [])
    for premium in premiums:
        line_id = cover_line.put(
            checkout, variant_id=variant_id, offer_id=offer_id, premium=premium.amount
        )
        settling = _Settling(checkout, line_id, premium, alone, is_taxed_by_app=is_taxed_by_app)
        settling.settle(may_absorb=may_absorb)
        cover_line.remove([line_id])


def hold_exactly(
    checkout: Any,
    line: CoverLine,
    *,
    premium: Money,
    may_absorb: bool,
    is_taxed_by_app: bool = False,
) -> Price:
    """Correct the existing line of a locked checkout after a change, and return its price.

    Raise ``Refusal`` as ``put_exactly`` does if no price fits.
    """
    alone = cover_line.totals_without(checkout, [line.id])
    settling = _Settling(checkout, line.id, premium, alone, is_taxed_by_app=is_taxed_by_app)
    is_in_place = line.stands_last or line.place_for == alone.digest
    if line.correction and is_in_place and settling.is_exact_with(line.correction):
        return settling.exact
    cover_line.stand_last(checkout, line.id)
    return settling.settle(may_absorb=may_absorb)


class _Settling:
    """One search for the place and the correction with which a line costs exactly its premium."""

    def __init__(
        self,
        checkout: Any,
        line_id: uuid.UUID,
        premium: Money,
        alone: Totals,
        *,
        is_taxed_by_app: bool,
    ) -> None:
        self._is_taxed_by_app = is_taxed_by_app
        self._checkout = checkout
        self._line_id = line_id
        self._premium = premium
        self._alone = alone
        self.exact = Price(premium.amount, Decimal(0))

    def settle(self, *, may_absorb: bool) -> Price:
        """Find place and price for a line that stands last. Raise ``Refusal`` if none fits."""
        plain = self._totals_with(Decimal(0))
        if self._is_exact(plain):
            return self.exact
        if self._is_taxed_by_app:
            raise Refusal(Code.TAXED_BY_APP)
        search = CorrectionSearch(self._premium, plain.cover.gross, self._alone)
        if self._fits_last(search) or self._fits_before_last(search):
            return self.exact
        if may_absorb and (price := self._absorbed(plain)) is not None:
            return price
        if plain.has_other_shipping_tax_than(self._alone):
            raise Refusal(Code.SHIPPING_TAX_NOT_EXACT)
        raise Refusal(Code.PRICE_NOT_EXACT)

    def is_exact_with(self, correction: Decimal) -> bool:
        """Return True if the checkout costs tickets plus premium with this correction."""
        return self._is_exact(self._totals_with(correction))

    def _fits_last(self, search: CorrectionSearch) -> bool:
        for correction in search:
            totals = self._totals_with(correction)
            if self._is_exact(totals):
                return True
            search.note(correction, totals)
        return False

    def _fits_before_last(self, search: CorrectionSearch) -> bool:
        if not search.balanced or not cover_line.stand_before_last(
            self._checkout, self._line_id, place_for=self._alone.digest
        ):
            return False
        if any(self.is_exact_with(correction) for correction in search.balanced):
            return True
        cover_line.stand_last(self._checkout, self._line_id)
        return False

    def _absorbed(self, plain: Totals) -> Price | None:
        """Return the price with the difference absorbed, if the buyer pays at most the premium."""
        paid = plain.costs_more_than(self._alone)
        if not (plain.keeps_the_rest_of(self._alone) and 0 <= paid <= self._premium.amount):
            return None
        self._totals_with(Decimal(0))
        return Price(plain.cover.gross, self._premium.amount - paid)

    def _is_exact(self, totals: Totals) -> bool:
        return totals.is_exact_beside(self._alone, self._premium.amount)

    def _totals_with(self, correction: Decimal) -> Totals:
        """Have Saleor price the checkout with the line at the premium plus ``correction``."""
        cover_line.correct(self._line_id, correction, self._premium.currency)
        cover_line.recalculate(self._checkout)
        return cover_line.totals(self._checkout)
