"""Find the cover variant whose line carries tax, and the rate Saleor taxes it at.

A store that wants the tax on the line has two cover products: one in the tax class at 0 %, and this
one in a class of its own, whose rates by country the store enters.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache

from django.db.models import F, OuterRef, Subquery
from saleor.checkout.models import Checkout
from saleor.product.models import ProductVariant, ProductVariantChannelListing
from saleor.tax.models import TaxClassCountryRate, TaxConfiguration

from ..compiled_query import KEY, CompiledQuery
from ..domain.line_tax import TaxRate
from .checkouts import tax_country, tax_setting
from .cover_product import MARK, TAXED_VALUE, sellable


@dataclass(frozen=True, slots=True)
class TaxedCover:
    """The variant whose line carries tax, and its rate where the buyer of a checkout is."""

    variant_id: int
    rate: TaxRate


def taxed_cover(token: uuid.UUID) -> TaxedCover | None:
    """Return the taxed cover of a checkout's channel; None if none is sold or taxed there.

    None as well for a checkout that is exempt from taxes.
    """
    rows = _covers().rows(token)
    if not rows or rows[0]["variant"] is None:
        return None
    (row,) = rows
    if row["tax_exemption"] or not (row["charges_taxes"] and row["percent"]):
        return None
    return TaxedCover(row["variant"], TaxRate(row["percent"], bool(row["is_included"])))


def taxed_countries() -> list[str]:
    """Return the codes (ISO 3166-1 alpha-2) of the countries with a rate of the taxed cover."""
    rates = TaxClassCountryRate.objects.filter(
        tax_class__private_metadata__contains={MARK: TAXED_VALUE}, rate__gt=0
    )
    return sorted(code.upper() for code in rates.values_list("country", flat=True))


@cache
def _covers() -> CompiledQuery:
    listings = ProductVariantChannelListing.objects.filter(channel_id=OuterRef("channel_id"))
    of_variant = ProductVariant.objects.filter(pk=OuterRef(OuterRef("variant")))
    rates = TaxClassCountryRate.objects.filter(
        tax_class_id=Subquery(of_variant.values("product__tax_class_id")), country=tax_country()
    )
    taxes = TaxConfiguration.objects.filter(channel_id=OuterRef("channel_id"))
    checkouts = Checkout.objects.filter(pk=KEY).annotate(
        variant=Subquery(sellable(listings, carries_tax=True).values("variant_id")[:1]),
        percent=Subquery(rates.values("rate")[:1]),
        is_included=Subquery(taxes.values("prices_entered_with_tax")[:1]),
        charges_taxes=tax_setting(F("charge_taxes")),
    )
    columns = ("variant", "percent", "is_included", "charges_taxes", "tax_exemption")
    return CompiledQuery(checkouts.order_by().values(*columns))
