"""Links that open the policy without a login reach its buyer and staff, and nobody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.core.management import call_command

from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import Sale, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


def rows(name: str) -> Any:
    return apps.get_model("saleor_xcover_plugin", name).objects.all()


@pytest.fixture
def buyer(shopper: SendShopper, store: Store, sale: Sale) -> Shopper:
    """A shopper who asks for the order of ``sale``."""
    ada = shopper(store.usd)
    ada.order_id = sale.order.id
    return ada


def links(buyer: Shopper, token: str | None = None) -> Any:
    cover = buyer.cover(token)
    assert cover is not None
    return cover.links


def token_in(link: str) -> str:
    (token,) = parse_qs(urlsplit(link).query)["security_token"]
    return token


def test_the_orders_customer_gets_the_links_and_nobody_else(
    store: Store, sale: Sale, buyer: Shopper
) -> None:
    # given the order of a customer, and another customer
    ada, eve = store.new_customer(), store.new_customer()
    store.give(sale.order.id, ada)
    # then only she gets the links
    found = links(buyer, ada.token)
    assert sorted(found) == ["account", "certificate", "certificatePdf", "insuranceClaim"]
    assert all(token_in(found["certificate"]) in link for link in found.values())
    assert links(buyer, eve.token) is None
    assert links(buyer) is None
    assert links(buyer, "forged") is None


def test_an_account_that_never_confirmed_its_address_gets_none(
    store: Store, sale: Sale, buyer: Shopper
) -> None:
    # given somebody who registered with the address of a guest, and so got the guest's order
    eve = store.new_customer()
    store.give(sale.order.id, eve)
    apps.get_model("account", "User").objects.filter(pk=eve.key).update(is_confirmed=False)

    assert links(buyer, eve.token) is None


def test_a_guests_order_shows_them_to_staff_alone(store: Store, buyer: Shopper) -> None:
    assert token_in(links(buyer, store.staff_token())["certificate"])
    assert links(buyer, store.new_customer().token) is None
    assert links(buyer, store.store_app_token()) is None
    assert links(buyer) is None


def test_a_cancelled_policy_has_none(
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    sale: Sale,
    buyer: Shopper,
) -> None:
    payments.refund(sale.payment, sale.order.total)
    work()

    assert [each["status"] for each in bookings(simulator)] == ["CANCELLED"]
    assert links(buyer, store.staff_token()) is None
    assert rows("Cover").get().sealed_links is None


def test_they_are_in_no_metadata_no_log_and_no_column_in_clear(
    store: Store, staff: Any, caplog: pytest.LogCaptureFixture, sale: Sale, buyer: Shopper
) -> None:
    with caplog.at_level(logging.DEBUG, logger="saleor_xcover_plugin"):
        token = token_in(links(buyer, store.staff_token())["certificate"])

    assert token not in str(staff.order(sale.order.id))
    assert token not in caplog.text
    stored = rows("Cover").values().get()
    assert token not in str(stored)
    assert token.encode() not in bytes(stored["sealed_links"])


def test_a_changed_secret_key_hides_them_and_breaks_nothing(
    store: Store, buyer: Shopper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="saleor_xcover_plugin")
    rows("Cover").update(sealed_links=b"sealed with another key")

    cover = buyer.cover(store.staff_token())

    assert cover is not None
    assert (cover.status, cover.links) == ("confirmed", None)
    assert "xcover.links.unreadable" in caplog.text


def test_a_buyer_who_is_forgotten_takes_them_along(
    store: Store, payments: Any, work: Work, sale: Sale, buyer: Shopper
) -> None:
    # given a cover that ended without the plugin knowing of the links (an earlier version)
    payments.refund(sale.payment, sale.order.total)
    work()
    rows("Cover").update(sealed_links=b"sealed")

    call_command(
        "xcover_erase", "--order", sale.order.number, "--confirm", "--json", stdout=StringIO()
    )

    assert rows("Cover").get().sealed_links is None
