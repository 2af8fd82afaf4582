"""Sell the cover on a line that carries the tax in its premium, where the store wants it there.

Saleor prices the checkout with such a line. It stays only if net and gross are XCover's to the cent
and nothing else changes; it is never corrected. Otherwise the ordinary line at 0 % is sold, unless
the store wants no cover then (docs/adr/0034-tax-on-the-line-where-it-comes-out.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from ..config.settings import PluginSettings
from ..domain.line_tax import LineTax, net_of
from ..domain.premium import Totals
from ..errors import Code, Refusal
from ..host import cover_line, cover_product
from ..host.taxed_cover import TaxedCover, taxed_cover
from ..host.values import CheckoutSnapshot, CoverLine
from ..models import Offer, Quote
from .offers import LiveOffer


@dataclass(frozen=True, slots=True)
class _TaxedLine:
    variant_id: int
    premium: Decimal
    tax: LineTax


def is_wanted(settings: PluginSettings, quotes: Iterable[Quote]) -> bool:
    """Return True if the store wants the tax of these quotes on the line, and there is some.

    A tax that XCover did not name counts as one.
    """
    return settings.tax_on_line and any(quote.tax != 0 for quote in quotes)


def put(checkout: Any, offer: Offer, quotes: Sequence[Quote]) -> LineTax | None:
    """Insert the line that carries the tax of these quotes into a locked checkout without one.

    Return None, and change nothing, if the tax cannot be on the line.
    """
    line = _line_of(taxed_cover(offer.checkout_token), quotes)
    if line is None or not _put(checkout, offer, line, _alone(checkout)):
        return None
    return line.tax


def hold(checkout: Any, offer: Offer, line: CoverLine, premium: Decimal) -> LineTax | None:
    """Check a line that carries tax after a change of its locked checkout; return its tax.

    Return None if that does not come out to the cent any more; the line is one at 0 % then. Raise
    ``Refusal`` (``NOT_SET_UP``) if there is no product for that.
    """
    tax = LineTax.from_json(offer.line_tax)
    if tax is None:
        return None
    cover_line.stand_last(checkout, line.id)
    alone = cover_line.totals_without(checkout, [line.id])
    cover = taxed_cover(offer.checkout_token)
    if cover is not None and _comes_out(checkout, tax, premium, alone):
        return replace(tax, rate=cover.rate)
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    if variant_id is None:
        raise Refusal(Code.NOT_SET_UP)
    cover_line.take_tax_off(line.id, variant_id=variant_id, premium=premium)
    return None


def is_as_agreed(state: CheckoutSnapshot, offer: LiveOffer) -> bool:
    """Return True if Saleor taxes the line of a yes as it did then, by its rates and its prices."""
    tax = LineTax.from_json(offer.line_tax)
    cover = taxed_cover(state.token)
    is_same_rate = tax is not None and cover is not None and cover.rate == tax.rate
    return is_same_rate and (state.has_stale_prices or not is_taxed_anew(state, offer))


def is_taxed_anew(state: CheckoutSnapshot, offer: LiveOffer) -> bool:
    """Return True if the premium is taxed otherwise than at the yes.

    The price is that of Saleor's last calculation, which is the one an order is made with.
    """
    agreed = (net_of(offer.line_tax, offer.premium), offer.premium)
    return any(line.offer_id == offer.pk and line.charged != agreed for line in state.cover_lines)


def fits_all(checkout: Any, offer: Offer, choices: Iterable[Sequence[Quote]]) -> bool:
    """Return True if each of these choices can be sold with its tax on the line; change nothing.

    Saleor prices the locked checkout with each in turn.
    """
    cover = taxed_cover(offer.checkout_token)
    with transaction.atomic():
        alone = _alone(checkout)
        is_fit = all(_fits(checkout, offer, _line_of(cover, each), alone) for each in choices)
        transaction.set_rollback(True)
    checkout.refresh_from_db()
    return is_fit


def _fits(checkout: Any, offer: Offer, line: _TaxedLine | None, alone: Totals) -> bool:
    if line is None or not _put(checkout, offer, line, alone):
        return False
    cover_line.remove([each.id for each in cover_line.lines_of(checkout)])
    return True


def _line_of(cover: TaxedCover | None, quotes: Sequence[Quote]) -> _TaxedLine | None:
    """Return the line for these quotes; None if their tax or the rate of the cover is unknown."""
    taxes = [quote.tax for quote in quotes if quote.tax is not None]
    if cover is None or len(taxes) < len(quotes):
        return None
    premium = sum((quote.premium for quote in quotes), Decimal(0))
    tax = LineTax.of(premium, sum(taxes, Decimal(0)), cover.rate)
    return _TaxedLine(cover.variant_id, premium, tax)


def _put(checkout: Any, offer: Offer, line: _TaxedLine, alone: Totals) -> bool:
    line_id = cover_line.put(
        checkout,
        variant_id=line.variant_id,
        offer_id=offer.pk,
        premium=line.premium,
        price=line.tax.price,
    )
    if _comes_out(checkout, line.tax, line.premium, alone):
        return True
    cover_line.remove([line_id])
    return False


def _comes_out(checkout: Any, tax: LineTax, premium: Decimal, alone: Totals) -> bool:
    cover_line.recalculate(checkout)
    return cover_line.totals(checkout).is_exact_beside(alone, premium, net=tax.net)


def _alone(checkout: Any) -> Totals:
    return cover_line.totals_without(checkout, [])
