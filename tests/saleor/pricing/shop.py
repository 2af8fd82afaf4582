"""One channel of the ticket store, made for one case: its discounts, taxes and shipping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from testkit import factories as products
from testkit.client.driver import Driver, Json, Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.saleor import factories

from .tax_plugin import TaxPlugin

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

PROMOTION_CREATE = """
mutation promotionCreate($input: PromotionCreateInput!) {
  promotionCreate(input: $input) { promotion { id } errors { field message code } }
}"""
DELIVERY_METHOD_UPDATE = """
mutation checkoutDeliveryMethodUpdate($id: ID!, $method: ID!) {
  checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $method) {
    checkout { id } errors { field message code }
  }
}"""
TAX_EXEMPTION_MANAGE = """
mutation taxExemptionManage($id: ID!, $exempt: Boolean!) {
  taxExemptionManage(id: $id, taxExemption: $exempt) { errors { field message code } }
}"""
ORDER_DISCOUNT_ADD = """
mutation orderDiscountAdd($id: ID!, $input: OrderDiscountCommonInput!) {
  orderDiscountAdd(orderId: $id, input: $input) {
    order { discounts { id } } errors { field message code }
  }
}"""
ORDER_DISCOUNT_DELETE = """
mutation orderDiscountDelete($id: ID!) {
  orderDiscountDelete(discountId: $id) { errors { field message code } }
}"""
ORDER_LINE_DISCOUNT_UPDATE = """
mutation orderLineDiscountUpdate($id: ID!, $input: OrderDiscountCommonInput!) {
  orderLineDiscountUpdate(orderLineId: $id, input: $input) { errors { field message code } }
}"""
ORDER_CONFIRM = """
mutation orderConfirm($id: ID!) { orderConfirm(id: $id) { errors { field message code } } }"""

TAX_RATE = Decimal(23)


class Shelf:
    """What the store sells, by the names the cases use."""

    def __init__(self, store: SaleorStore) -> None:
        starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=60)
        self.variants: Mapping[str, Variant] = {
            "concert": store.concert,
            "festival": store.festival,
            "shirt": store.shirt,
            "taxed": store.new_event(price="100.00", starts_at=starts_at),
            # What only a parcel brings; the store has no public way to make it.
            "hoodie": store._sell(
                "25.00",
                product_type=products.ProductTypeFactory(is_shipping_required=True),
                metadata={},
                name="Hoodie",
            ),
        }
        _tax(self.variants["taxed"])


class Shop:
    """A channel as a case wants it. ``code`` is its voucher or gift card, ``card`` the balance."""

    def __init__(
        self,
        driver: Driver,
        store: SaleorStore,
        shelf: Shelf,
        app_token: str,
        channel: Channel,
    ) -> None:
        self._driver = driver
        self._store = store
        self._shelf = shelf
        self._app_token = app_token
        self.staff = Staff(driver, store)
        self.channel = channel
        self.code = ""
        self.card = Decimal(0)
        self.methods: dict[str, str] = {}
        self._absorbs = False
        self._plugins: list[str] = []

    def close(self) -> None:
        """Leave the channel as it was found: making one for each case would slow Saleor down."""
        from saleor.discount.models import Promotion
        from saleor.product.models import ProductVariantChannelListing
        from saleor.shipping.models import ShippingMethod

        channel_id = key(self.channel.id)
        Promotion.objects.filter(rules__channels=channel_id).delete()
        ShippingMethod.objects.filter(channel_listings__channel=channel_id).delete()
        self.taxes_by_flat_rates()
        for variant in self._shelf.variants.values():
            ProductVariantChannelListing.objects.filter(
                channel_id=channel_id, variant_id=key(variant.id)
            ).update(price_amount=variant.price, discounted_price_amount=variant.price)
        if self._plugins:
            settings.PLUGINS = self._plugins
        if self._absorbs:
            self.staff.configure_plugin(self.channel, {"absorb_discounts": "false"})

    def variant(self, name: str) -> Variant:
        return self._shelf.variants[name]

    def price(self, name: str, amount: str) -> None:
        """Give a variant another price in this channel."""
        from saleor.product.models import ProductVariantChannelListing

        ProductVariantChannelListing.objects.filter(
            channel_id=key(self.channel.id), variant_id=key(self.variant(name).id)
        ).update(price_amount=Decimal(amount), discounted_price_amount=Decimal(amount))

    def absorb(self) -> None:
        """Switch the setting on: the store bears what a discount takes from the premium."""
        self._absorbs = True
        self.staff.configure_plugin(self.channel, {"absorb_discounts": "true"})

    def voucher(self, value: str, *variants: str, **fields: Any) -> None:
        """Make a voucher; for named variants when there are any."""
        if variants:
            named = [self.variant(name).id for name in variants]
            fields = {"kind": "SPECIFIC_PRODUCT", "variants": named, **fields}
        self.code = products.unique("CODE")
        self.staff.create_voucher(self.code, [self.channel], Decimal(value), **fields)

    def gift_card(self, amount: str) -> None:
        self.card = Decimal(amount)
        self.code = self.staff.create_gift_card(self.card, self.channel.currency)

    def spent_by_card(self) -> Decimal:
        """Return what the gift card paid."""
        from saleor.giftcard.models import GiftCard

        left = GiftCard.objects.filter(code=self.code).values_list("current_balance_amount")
        return self.card - sum((balance for (balance,) in left), Decimal(0))

    def order_promotion(self, *rules: Mapping[str, Any]) -> None:
        """Begin a promotion on the order; each rule names ``from_subtotal`` and its reward."""
        self._promote(
            "ORDER",
            [
                {
                    "orderPredicate": {
                        "discountedObjectPredicate": {
                            "baseSubtotalPrice": {"range": {"gte": rule["from_subtotal"]}}
                        }
                    },
                    **_reward(rule, self),
                }
                for rule in rules
            ],
        )

    def run_promotions(self, buyer: Shopper) -> None:
        """The promotion runs, again if another shopper saw its end."""
        self._set_promotions_end(None)
        let_prices_expire(buyer)

    def run_voucher(self, buyer: Shopper) -> None:
        """The voucher is valid, again if another shopper saw its end; the buyer uses it."""
        self._set_voucher_end(None)
        buyer.add_promo_code(self.code)

    def end_voucher(self, buyer: Shopper) -> None:
        """The voucher has run out. Saleor refuses the order until the buyer takes it off."""
        self._set_voucher_end(datetime.now(UTC) - timedelta(minutes=1))
        let_prices_expire(buyer)
        with pytest.raises(Refused, match="VOUCHER_NOT_APPLICABLE"):
            buyer.complete()
        buyer.remove_promo_code(self.code)

    def end_promotions(self, buyer: Shopper) -> None:
        """The promotion is over; Saleor sees it when the checkout's prices have expired."""
        self._set_promotions_end(datetime.now(UTC) - timedelta(minutes=1))
        let_prices_expire(buyer)

    def catalogue_promotion(self, percentage: str, *names: str) -> None:
        """Reduce the named variants and the cover product too: everything in the shop."""
        from saleor.product.tasks import (
            recalculate_discounted_price_for_products_task,
            update_variant_relations_for_active_promotion_rules_task,
        )

        ids = [self.variant(name).id for name in names] + [self._store.cover_variant().id]
        rule = {
            "cataloguePredicate": {"variantPredicate": {"ids": ids}},
            "rewardValueType": "PERCENTAGE",
            "rewardValue": percentage,
        }
        self._promote("CATALOGUE", [rule])
        update_variant_relations_for_active_promotion_rules_task()
        recalculate_discounted_price_for_products_task()

    def flat_taxes(self, *, included: bool) -> None:
        """Tax what has a tax class; prices are entered with or without tax."""
        self._configure_taxes(charge_taxes=True, prices_entered_with_tax=included)

    def weight_shipping_tax(self) -> None:
        """Tax shipping at the rates of the lines, each by its weight in the sum."""
        self._configure_taxes(use_weighted_tax_for_shipping=True)

    def taxes_by_flat_rates(self) -> None:
        """Return to Saleor's default, for all countries."""
        from saleor.tax.models import TaxConfigurationPerCountry

        self._configure_taxes(
            prices_entered_with_tax=True,
            tax_calculation_strategy="FLAT_RATES",
            tax_app_id=None,
            use_weighted_tax_for_shipping=False,
        )
        TaxConfigurationPerCountry.objects.filter(
            tax_configuration__channel_id=key(self.channel.id)
        ).delete()

    def taxes_by_app(self) -> None:
        self._configure_taxes(tax_calculation_strategy="TAX_APP")

    def taxes_by_plugin(self) -> None:
        """Have a plugin of the shop calculate taxes; ``close`` takes it out again."""
        self._plugins = [*settings.PLUGINS]
        settings.PLUGINS = [*settings.PLUGINS, f"{TaxPlugin.__module__}.{TaxPlugin.__name__}"]
        self._configure_taxes(
            tax_calculation_strategy="TAX_APP", tax_app_id=f"plugin:{TaxPlugin.PLUGIN_ID}"
        )

    def taxes_by_app_in(self, country: str, *, channel: str, there: str) -> None:
        """Give a country a strategy of its own."""
        from saleor.tax.models import TaxConfiguration

        self._configure_taxes(tax_calculation_strategy=channel)
        configuration = TaxConfiguration.objects.get(channel_id=key(self.channel.id))
        configuration.country_exceptions.update_or_create(
            country=country, defaults={"tax_calculation_strategy": there}
        )

    def exempt(self, id_: str) -> None:
        """Free a checkout or an order from taxes."""
        self._as_app(TAX_EXEMPTION_MANAGE, id=id_, exempt=True)

    def shipping_method(
        self,
        name: str,
        price: str,
        *,
        minimum: str | None = None,
        maximum: str | None = None,
        is_taxed: bool = False,
    ) -> None:
        """Add a shipping method, perhaps only for orders in a range of prices."""
        from saleor.product.models import Product
        from saleor.shipping.models import ShippingMethod, ShippingMethodChannelListing

        method = ShippingMethod.objects.create(
            name=name, type="price", shipping_zone=self._store._zone
        )
        if is_taxed:
            taxed = Product.objects.get(variants__pk=key(self.variant("taxed").id))
            method.tax_class = taxed.tax_class
            method.save(update_fields=["tax_class"])
        ShippingMethodChannelListing.objects.create(
            shipping_method=method,
            channel_id=key(self.channel.id),
            currency=self.channel.currency,
            price_amount=Decimal(price),
            minimum_order_price_amount=Decimal(minimum or 0),
            maximum_order_price_amount=Decimal(maximum) if maximum else None,
        )
        self.methods[name] = _global_id("ShippingMethod", method.pk)

    def ship_by(self, buyer: Shopper, name: str) -> None:
        self._driver.mutate(
            DELIVERY_METHOD_UPDATE, {"id": buyer.checkout_id, "method": self.methods[name]}
        )

    def discount_order(self, order_id: str, value: str, kind: str) -> str:
        """Staff reduce an order; return the discount's id."""
        reduction = {"valueType": kind, "value": value, "reason": "goodwill"}
        root = self._as_app(ORDER_DISCOUNT_ADD, id=order_id, input=reduction)
        return str(root["order"]["discounts"][0]["id"])

    def take_discount_back(self, discount_id: str) -> None:
        self._as_app(ORDER_DISCOUNT_DELETE, id=discount_id)

    def discount_tickets(self, order_id: str, value: str) -> None:
        """Staff reduce the ticket lines of an order and leave the cover line alone."""
        for line in self.staff.order(order_id).ticket_lines:
            reduction = {"valueType": "PERCENTAGE", "value": value, "reason": "goodwill"}
            self._as_app(ORDER_LINE_DISCOUNT_UPDATE, id=line.id, input=reduction)

    def confirm_order(self, order_id: str) -> None:
        self._as_app(ORDER_CONFIRM, id=order_id)

    def _set_promotions_end(self, end: datetime | None) -> None:
        from saleor.discount.models import Promotion

        promotions = Promotion.objects.filter(rules__channels=key(self.channel.id))
        promotions.update(end_date=end)

    def _set_voucher_end(self, end: datetime | None) -> None:
        from saleor.discount.models import Voucher

        Voucher.objects.filter(codes__code=self.code).update(end_date=end)

    def _promote(self, kind: str, rules: list[Json]) -> None:
        wanted = {
            "name": f"promotion {self.channel.slug}",
            "type": kind,
            "rules": [{"name": "rule", "channels": [self.channel.id], **rule} for rule in rules],
        }
        self._as_app(PROMOTION_CREATE, input=wanted)

    def _configure_taxes(self, **fields: Any) -> None:
        from saleor.tax.models import TaxConfiguration

        TaxConfiguration.objects.filter(channel_id=key(self.channel.id)).update(**fields)

    def _as_app(self, document: str, **variables: object) -> Json:
        return self._driver.mutate(document, variables, token=self._app_token)


BACK_OFFICE = ("manage_orders", "manage_discounts", "manage_taxes", "manage_checkouts")


def let_prices_expire(buyer: Shopper) -> None:
    """Let an hour pass: Saleor prices the checkout again when it is read."""
    from saleor.checkout.models import Checkout

    past = datetime.now(UTC) - timedelta(minutes=1)
    Checkout.objects.filter(pk=key(buyer.checkout_id)).update(
        price_expiration=past, discount_expiration=past
    )


def make_app(*names: str) -> str:
    """Return the token of an app with these permissions, by default those of a back office."""
    from saleor.permission.models import Permission

    app: Any = factories.AppFactory()
    app.permissions.set(Permission.objects.filter(codename__in=names or BACK_OFFICE))
    _, token = app.tokens.create(app=app, name="pricing")
    return str(token)


def _reward(rule: Mapping[str, Any], shop: Shop) -> Json:
    if "gift" in rule:
        return {"rewardType": "GIFT", "gifts": [shop.variant(rule["gift"]).id]}
    (kind,) = {"percentage", "fixed"} & set(rule)
    return {
        "rewardType": "SUBTOTAL_DISCOUNT",
        "rewardValueType": kind.upper(),
        "rewardValue": rule[kind],
    }


def _tax(variant: Variant) -> None:
    from saleor.product.models import Product
    from saleor.tax.models import TaxClass, TaxClassCountryRate

    tax_class = TaxClass.objects.create(name="Tickets")
    TaxClassCountryRate.objects.create(tax_class=tax_class, country="US", rate=TAX_RATE)
    Product.objects.filter(variants__pk=key(variant.id)).update(tax_class=tax_class)


def key(global_id: str) -> str:
    from graphql_relay import from_global_id

    return str(from_global_id(global_id)[1])


def _global_id(kind: str, key: object) -> str:
    from graphql_relay import to_global_id

    return str(to_global_id(kind, key))
