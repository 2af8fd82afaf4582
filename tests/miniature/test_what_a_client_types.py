"""Input that makes no sense is answered with a sentence, never with a stack trace."""

from decimal import Decimal

import pytest

from testkit.client import documents as docs
from testkit.client.driver import Refused
from testkit.client.people import EMAIL, NEW_YORK


@pytest.mark.parametrize(
    ("quantity", "code"),
    [(0, "zero_quantity"), (-1, "zero_quantity"), (51, "quantity_greater_than_limit")],
)
def test_quantities_that_cannot_be_put_in(store, shopper, quantity, code):
    from saleor.checkout.models import Checkout

    # given
    ada, count = shopper(store.usd), Checkout.objects.count()
    # when
    with pytest.raises(Refused) as created:
        ada.create_checkout({store.concert: quantity})
    ada.create_checkout({store.concert: 1})
    with pytest.raises(Refused) as added:
        ada.add(store.shirt, quantity)
    # then
    assert (created.value.codes, added.value.codes) == ((code,), (code,))
    assert Checkout.objects.count() == count + 1
    assert [line.quantity for line in ada.checkout().lines] == [1]


def test_more_than_the_limit_in_two_steps(store, shopper):
    # given
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 50})
    # when
    with pytest.raises(Refused) as refused:
        ada.add(store.concert, 1)
    # then
    assert refused.value.codes == ("quantity_greater_than_limit",)
    assert [line.quantity for line in ada.checkout().lines] == [50]


@pytest.mark.parametrize(
    ("quantity", "code"), [(-1, "zero_quantity"), (51, "quantity_greater_than_limit")]
)
def test_quantities_a_line_cannot_have(store, shopper, quantity, code):
    # given
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 1})
    # when
    with pytest.raises(Refused) as refused:
        ada.set_quantity(checkout.lines[0], quantity)
    # then
    assert refused.value.codes == (code,)
    assert [line.quantity for line in ada.checkout().lines] == [1]


@pytest.mark.parametrize(
    ("model", "change", "code"),
    [
        ("ProductChannelListing", {"is_published": False}, "product_not_published"),
        ("ProductVariantChannelListing", {"price_amount": None}, "unavailable_variant_in_channel"),
    ],
)
def test_a_variant_that_is_not_for_sale(store, shopper, model, change, code):
    from django.apps import apps

    # given
    channel = {"channel__slug": store.eur.slug}
    path = "product__variants__sku" if model == "ProductChannelListing" else "variant__sku"
    rows = apps.get_model("product", model).objects.filter(**channel, **{path: store.shirt.sku})
    before = rows.values(*change).get()
    ada = shopper(store.eur)
    ada.create_checkout({store.concert: 1})
    changed = rows.update(**change)
    # when
    try:
        with pytest.raises(Refused) as refused:
            ada.add(store.shirt, 1)
    finally:
        rows.update(**before)
    # then
    assert changed == 1
    assert refused.value.codes == (code,)
    assert len(ada.checkout().lines) == 1


@pytest.mark.parametrize("country", ["XX", "", None, "Norway"])
def test_a_country_nobody_knows(store, shopper, country):
    # given
    ada = shopper(store.usd)
    # when
    with pytest.raises(Refused) as refused:
        ada.create_checkout({store.concert: 1}, billing={**NEW_YORK, "country": country})
    # then
    assert refused.value.codes == ("invalid",)


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "a b@example.com"])
def test_an_email_that_is_none(store, shopper, email):
    # given
    ada = shopper(store.usd)
    # when
    with pytest.raises(Refused) as created:
        ada.create_checkout({store.concert: 1}, email=email)
    ada.create_checkout({store.concert: 1})
    with pytest.raises(Refused) as changed:
        ada.set_email(email)
    # then
    assert (created.value.codes, changed.value.codes) == (("invalid",), ("invalid",))
    assert ada.checkout().email == EMAIL


def test_null_is_left_out(store, driver):
    # given
    wanted = {
        "channel": store.usd.slug,
        "lines": [{"variantId": store.concert.id, "quantity": 1}],
        "email": None,
        "languageCode": None,
        "billingAddress": {**NEW_YORK, "countryArea": None},
        "shippingAddress": None,
    }
    payment = {"name": None, "amountAuthorized": None, "amountCharged": None}
    # when
    checkout = driver.mutate(docs.CHECKOUT_CREATE, {"input": wanted})["checkout"]
    root = driver.mutate(
        docs.TRANSACTION_CREATE,
        {"id": checkout["id"], "transaction": payment},
        token=store.payment_app_token(),
    )
    # then
    assert (checkout["email"], len(checkout["lines"])) == (None, 1)
    assert Decimal(root["transaction"]["chargedAmount"]["amount"]) == 0


def test_null_keeps_the_settings_of_the_plugin(store, driver):
    from saleor.plugins.models import PluginConfiguration

    from testkit.client import staff_documents
    from testkit.client.driver import PLUGIN_ID

    # given
    before = PluginConfiguration.objects.values().get(channel__slug=store.usd.slug)
    nothing = {"active": None, "configuration": None}
    # when
    driver.mutate(
        staff_documents.PLUGIN_UPDATE,
        {"id": PLUGIN_ID, "channelId": store.usd.id, "input": nothing},
        token=store.staff_token(),
    )
    # then
    after = PluginConfiguration.objects.values().get(channel__slug=store.usd.slug)
    assert after["active"] is before["active"] is True
    assert len(after["configuration"]) == len(before["configuration"])
