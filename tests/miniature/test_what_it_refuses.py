"""What the miniature does not know it refuses with a sentence: it must never make something up."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from testkit.client import documents as docs
from testkit.client.driver import GraphQLFailed, Refused
from testkit.client.people import NEW_YORK
from testkit.process import ROOT

ADVICE = "This is the miniature of Saleor"


@pytest.mark.parametrize(
    "document",
    [
        "query shop { shop { name } }",
        "query checkout($id: ID!) { checkout(id: $id) { shippingPrice { gross { amount } } } }",
        "mutation checkoutDeliveryMethodUpdate($id: ID!) "
        "{ checkoutDeliveryMethodUpdate(id: $id) { errors { code } } }",
    ],
)
def test_an_operation_or_field_it_does_not_have(store, shopper, driver, document):
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})

    with pytest.raises(GraphQLFailed) as refused:
        driver.execute(document, {"id": ada.checkout_id})

    assert ADVICE in str(refused.value)


def test_a_price_given_by_an_app(store, shopper):
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})

    with pytest.raises(GraphQLFailed) as refused:
        ada.add(store.shirt, 1, price=Decimal("1.00"))

    assert ADVICE in str(refused.value)
    assert ada.checkout().total == Decimal("100.00")


@pytest.mark.parametrize(
    "voucher",
    [
        {"value_type": "FIXED"},
        {"kind": "SPECIFIC_PRODUCT"},
        {"applyOncePerOrder": True},
        {"usageLimit": 1},
    ],
)
def test_a_voucher_of_another_kind(store, staff, voucher):
    with pytest.raises(GraphQLFailed) as refused:
        staff.create_voucher("OTHER", [store.usd], Decimal(10), **voucher)

    assert ADVICE in str(refused.value)


def test_a_voucher_with_a_minimum(store, staff):
    with pytest.raises(Refused) as refused:
        staff.create_voucher("MINIMUM", [store.usd], Decimal(10), minimum=Decimal(50))

    assert "use a real Saleor" in str(refused.value)


def test_rights_nobody_has(store, shopper, driver):
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 1})
    payment = {"amountCharged": {"amount": 100, "currency": "USD"}}

    for token in (None, "forged"):
        with pytest.raises(GraphQLFailed) as refused:
            driver.mutate(
                docs.TRANSACTION_CREATE, {"id": checkout.id, "transaction": payment}, token=token
            )
        assert "permissions" in str(refused.value)
    with pytest.raises(GraphQLFailed):
        driver.execute(
            "query checkout($id: ID!) { checkout(id: $id) { privateMetadata { key } } }",
            {"id": checkout.id},
        )


def test_it_does_not_start_where_a_real_saleor_is(tmp_path: Path):
    (tmp_path / "saleor").mkdir()
    (tmp_path / "saleor" / "__init__.py").touch()
    code = "from testkit import miniature; miniature.configure('dbname=none')"

    started = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 1
    assert "A Saleor is installed here" in started.stderr


def test_a_line_put_in_beside_the_api_stays_unpriced_while_prices_hold(store, shopper):
    """As in Saleor, a line that is added in the database has no price until prices expire."""
    from saleor.checkout.models import Checkout, CheckoutLine
    from saleor.product.models import ProductVariant

    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 1}, billing=NEW_YORK)
    row = Checkout.objects.get(pk=checkout.token)
    shirt = ProductVariant.objects.get(sku=store.shirt.sku)

    CheckoutLine.objects.create(checkout=row, variant=shirt, quantity=1, currency="USD")

    after = ada.checkout()
    assert [line.total for line in after.lines] == [Decimal(100), Decimal(0)]
    assert after.total == Decimal("100.00")
