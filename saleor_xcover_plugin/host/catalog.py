"""Provision the cover product in Saleor's catalogue, and remove it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django_celery_beat.models import PeriodicTask
from django_countries import countries
from saleor.channel.models import Channel
from saleor.plugins.models import PluginConfiguration
from saleor.product import ProductTypeKind
from saleor.product.models import (
    Product,
    ProductChannelListing,
    ProductType,
    ProductVariant,
    ProductVariantChannelListing,
)
from saleor.tax.models import TaxClass, TaxClassCountryRate

from .cover_product import MARK, MARK_VALUE, SKU, TAXED_SKU, TAXED_VALUE
from .warehouses import remove_stock

SLUG = "xcover-ticket-protection"
"""Slug of a new cover product and its product type; staff may change it."""

NAME = "Ticket protection"
"""Name of a new cover product and its variant, which shoppers see; staff may change it."""

_MARKED = {MARK: MARK_VALUE}
_TAXED = {MARK: TAXED_VALUE}


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the setup and what became of it."""

    what: str
    """Name of the part, for staff."""
    outcome: str
    """``created``, ``corrected``, ``unchanged``, ``removed`` or ``not there``."""


def channel_ids() -> dict[str, int]:
    """Return the id of every channel by its slug."""
    return dict(Channel.objects.values_list("slug", "pk"))


def currencies() -> dict[int, tuple[str, str]]:
    """Return slug and currency (ISO 4217) of every channel by its id, sorted by slug."""
    rows = Channel.objects.order_by("slug").values_list("pk", "slug", "currency_code")
    return {pk: (slug, currency) for pk, slug, currency in rows}


class _Names(dict[int, str]):
    def __missing__(self, key: int) -> str:
        return f"channel {key}, deleted"


def channel_names() -> Mapping[int, str]:
    """Return the slug of every channel by its id; any other id maps to "channel 7, deleted"."""
    return _Names((pk, slug) for slug, pk in channel_ids().items())


def market_of(slug: str) -> tuple[str, str]:
    """Return currency (ISO 4217) and default country (ISO 3166-1 alpha-2) of a channel.

    Raise ``Channel.DoesNotExist`` for an unknown slug.
    """
    channel = Channel.objects.get(slug=slug)
    return channel.currency_code, channel.default_country.code


def provision(slugs: Iterable[str], now: datetime, taxed_slugs: Iterable[str] = ()) -> list[Step]:
    """Create or correct everything a cover line needs in the channels with these slugs.

    In those of ``taxed_slugs`` a second product is sold, whose line carries tax; the store enters
    the rates of its tax class. The caller opens the transaction. Saleor completes a checkout with a
    cover line only if the variant is listed, published and for sale, and needs no stock. Without a
    tax class of its own the premium would be taxed at the country's default rate.
    """
    making = _Making(now)
    tax_class = making.ensure(
        "tax class",
        TaxClass,
        {"private_metadata__contains": _MARKED},
        name="Insurance premium (no shop tax)",
        private_metadata=_MARKED,
    )
    making.steps.append(Step("zero tax rate of every country", _zero_rates(tax_class)))
    product_type = making.ensure(
        "product type",
        ProductType,
        {"private_metadata__contains": _MARKED},
        name="XCover ticket protection",
        slug=SLUG,
        kind=ProductTypeKind.NORMAL,
        is_shipping_required=False,
        has_variants=False,
        tax_class=tax_class,
        private_metadata=_MARKED,
    )
    is_taxed = Q(private_metadata__contains=_TAXED)
    ordinary = Product.objects.filter(~is_taxed, product_type=product_type)
    making.sell(_Item("", SLUG, SKU), ordinary, slugs, product_type, tax_class=tax_class)
    if taxed_slugs := sorted(taxed_slugs):
        taxed_class = making.ensure(
            "tax class of the premium",
            TaxClass,
            {"private_metadata__contains": _TAXED},
            name="Insurance premium (tax on the line)",
            private_metadata=_TAXED,
        )
        making.sell(
            _Item(" with tax on its line", f"{SLUG}-taxed", TAXED_SKU),
            Product.objects.filter(is_taxed, product_type=product_type),
            taxed_slugs,
            product_type,
            tax_class=taxed_class,
            private_metadata=_TAXED,
        )
    return making.steps


@dataclass(frozen=True, slots=True)
class _Item:
    """Names of a product and its variant; the first is added to those of its steps."""

    suffix: str
    slug: str
    sku: str


class _Making:
    """Creates or corrects rows, and notes each as a step."""

    def __init__(self, now: datetime) -> None:
        self.steps: list[Step] = []
        self._now = now

    def ensure(self, what: str, model: Any, lookup: dict[str, Any], **wanted: Any) -> Any:
        """Return the row that ``lookup`` finds, as ``wanted``; a new one if there is none."""
        found = model.objects.filter(**lookup).order_by("pk").first()
        identity = {k: v for k, v in lookup.items() if "__" not in k}
        return self._right(what, model, found, identity, wanted)

    def sell(
        self,
        item: _Item,
        products: QuerySet[Any],
        slugs: Iterable[str],
        product_type: Any,
        **wanted: Any,
    ) -> None:
        """Sell a product in these channels; the first of ``products`` where there is one."""
        product = self._right(
            f"product{item.suffix}",
            Product,
            products.order_by("pk").first(),
            {"product_type": product_type},
            {"name": NAME, "slug": item.slug, **wanted},
        )
        variant = self.ensure(
            f"variant{item.suffix}",
            ProductVariant,
            {"product": product},
            sku=item.sku,
            name=NAME,
            track_inventory=False,
            quantity_limit_per_customer=1,
        )
        if product.default_variant_id != variant.pk:
            Product.objects.filter(pk=product.pk).update(default_variant=variant)
        for channel in Channel.objects.filter(slug__in=list(slugs)).order_by("slug"):
            self._list(item, product, variant, channel)

    def _list(self, item: _Item, product: Any, variant: Any, channel: Any) -> None:
        # The list price is 0 so that a catalogue promotion has nothing to reduce.
        self.ensure(
            f"listing{item.suffix} in {channel.slug}",
            ProductChannelListing,
            {"product": product, "channel": channel},
            currency=channel.currency_code,
            is_published=True,
            visible_in_listings=False,
            published_at=_Keep(self._now),
            available_for_purchase_at=_Keep(self._now),
        )
        self.ensure(
            f"price 0{item.suffix} in {channel.slug}",
            ProductVariantChannelListing,
            {"variant": variant, "channel": channel},
            currency=channel.currency_code,
            price_amount=Decimal(0),
            discounted_price_amount=Decimal(0),
        )

    def _right(
        self, what: str, model: Any, row: Any, identity: dict[str, Any], wanted: dict[str, Any]
    ) -> Any:
        row, outcome = _ensure(model, row, identity, wanted)
        self.steps.append(Step(what, outcome))
        return row


def remove(beat_entries: Iterable[str], plugin_id: str) -> list[Step]:
    """Remove product, plugin configuration and beat entries; our own tables keep the evidence.

    ``beat_entries`` are names of periodic tasks. The caller opens the transaction.
    """
    marked = {"private_metadata__contains": _MARKED}
    removals: Iterator[tuple[str, Callable[[], Any]]] = iter(
        (
            (
                "stock in every warehouse",
                remove_stock,
            ),
            (
                "product and its lines in open checkouts",
                Product.objects.filter(product_type__private_metadata__contains=_MARKED).delete,
            ),
            ("product type", ProductType.objects.filter(**marked).delete),
            ("tax class", TaxClass.objects.filter(**marked).delete),
            (
                "tax class of the premium",
                TaxClass.objects.filter(private_metadata__contains=_TAXED).delete,
            ),
            ("beat entries", PeriodicTask.objects.filter(name__in=beat_entries).delete),
            (
                "plugin configuration",
                PluginConfiguration.objects.filter(identifier=plugin_id).delete,
            ),
        )
    )
    steps = []
    for what, delete in removals:
        steps.append(Step(what, "removed" if _count(delete()) else "not there"))
    return steps


def _count(deleted: Any) -> int:
    """Return the number of deleted rows from what Django's ``delete`` or our own returns."""
    return int(deleted[0] if isinstance(deleted, tuple) else deleted)


@dataclass(frozen=True, slots=True)
class _Keep:
    """Value for a new row, or for an existing one without any; other values are kept."""

    value: Any


def _ensure(
    model: Any, row: Any | None, identity: dict[str, Any], wanted: dict[str, Any]
) -> tuple[Any, str]:
    if row is None:
        values = {k: v.value if isinstance(v, _Keep) else v for k, v in wanted.items()}
        return model.objects.create(**identity, **values), "created"
    wrong = {
        name: value.value if isinstance(value, _Keep) else value
        for name, value in wanted.items()
        if _differs(getattr(row, name), value)
    }
    if "private_metadata" in wrong:
        wrong["private_metadata"] = {**(row.private_metadata or {}), **wanted["private_metadata"]}
    for name in ("name", "slug", "sku"):
        wrong.pop(name, None)  # staff may rename things
    if not wrong:
        return row, "unchanged"
    for name, value in wrong.items():
        setattr(row, name, value)
    row.save(update_fields=list(wrong))
    return row, "corrected"


def _differs(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, _Keep):
        return present is None
    if isinstance(wanted, dict):
        return not (present or {}).items() >= wanted.items()
    return bool(present != wanted)


def _zero_rates(tax_class: Any) -> str:
    rates = {r.country.code: r for r in TaxClassCountryRate.objects.filter(tax_class=tax_class)}
    wrong = [rate.pk for rate in rates.values() if rate.rate != 0]
    TaxClassCountryRate.objects.filter(pk__in=wrong).update(rate=0)
    missing = [code for code, _ in countries if code not in rates]
    TaxClassCountryRate.objects.bulk_create(
        TaxClassCountryRate(tax_class=tax_class, country=code, rate=0) for code in missing
    )
    if missing:
        return "created"
    return "corrected" if wrong else "unchanged"
