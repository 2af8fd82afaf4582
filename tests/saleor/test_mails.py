"""Which of Saleor's e-mails know the policy: read from what was really sent."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings
from testkit.work import Work

from .apps import answering

SendShopper = Callable[[Channel], Shopper]
Sent = list[tuple[str, str]]

KINDS = (
    *("order_confirmation", "order_confirmed", "order_payment_confirmation"),
    *("order_fulfillment_confirmation", "order_canceled", "order_refund_confirmation"),
)
TICKETS = "Your tickets."
LINES = (
    "{{#if order.metadata.xcover_policy}}"
    "Policy {{order.metadata.xcover_policy}}, {{order.metadata.xcover_premium}} "
    "{{order.metadata.xcover_currency}}\n"
    "{{#if order.metadata.xcover_taxes}}(of it {{order.metadata.xcover_taxes}}){{/if}}, "
    "{{order.metadata.xcover_status}}."
    "{{else}}{{#if order.metadata.xcover_status}}"
    "Your policy follows from XCover."
    "{{/if}}{{/if}}"
)
"""The lines of docs/papers.md for an e-mail's template."""


class Inbox:
    """A mail server's handler: keeps subject and text of each message."""

    def __init__(self) -> None:
        self.sent: Sent = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()
        self.sent.append((str(message["Subject"]), " ".join(text.split())))
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[int, Inbox]]:
    from aiosmtpd.controller import Controller

    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, inbox
    finally:
        controller.stop()


@pytest.fixture
def inbox(store: Store) -> Iterator[Inbox]:
    """The e-mails Saleor sends; each has its kind as subject, and only our lines as text."""
    from saleor.plugins.models import EmailTemplate, PluginConfiguration
    from saleor.plugins.user_email.constants import PLUGIN_ID

    with mail_server() as (port, found):
        values: list[dict[str, Any]] = [
            {"name": "host", "value": "127.0.0.1"},
            {"name": "port", "value": str(port)},
            {"name": "username", "value": ""},
            {"name": "password", "value": ""},
            {"name": "use_tls", "value": False},
            {"name": "use_ssl", "value": False},
            {"name": "sender_name", "value": "Tickets"},
            {"name": "sender_address", "value": "tickets@example.com"},
            *({"name": f"{kind}_subject", "value": kind} for kind in KINDS),
        ]
        row = PluginConfiguration.objects.create(
            identifier=PLUGIN_ID,
            channel_id=key(store.usd.id),
            active=True,
            configuration=values,
        )
        for kind in KINDS:
            EmailTemplate.objects.create(
                plugin_configuration=row, name=kind, value=f"<p>Your tickets. {LINES}</p>"
            )
        try:
            yield found
        finally:
            row.delete()


def buy(buyer: Shopper, store: Store, payments: Any, *, is_insured: bool = True) -> tuple[Any, Any]:
    buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    if is_insured:
        buyer.accept(offer)
    checkout = buyer.checkout()
    transaction = payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete(), transaction


def test_the_first_mail_says_that_the_policy_follows_and_later_ones_name_it(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    inbox: Inbox,
) -> None:
    # given an order with protection
    order, _ = buy(shopper(store.usd), store, payments)
    early = dict(inbox.sent)
    # then its first e-mails leave before there is a policy
    assert early["order_confirmation"] == f"{TICKETS} Your policy follows from XCover."
    assert set(early.values()) == {early["order_confirmation"]}
    # when the policy is made and the tickets are handed out
    work()
    (booking,) = bookings(simulator)
    inbox.sent.clear()
    pieces = {line.id: line.quantity for line in order.ticket_lines}
    staff.fulfill(order.id, pieces, store.warehouse, is_told=True)
    # then the e-mail about it names the policy, with its premium and the taxes in it
    policy = f"Policy {booking['id']}, 6.66 USD (of it IPT 0.71)"
    assert dict(inbox.sent) == {"order_fulfillment_confirmation": f"{TICKETS} {policy}, confirmed."}


INVOICE_REQUEST = """
mutation invoiceRequest($id: ID!) {
  invoiceRequest(orderId: $id) { invoice { status } errors { field message code } }
}"""


@pytest.fixture
def invoices() -> Iterator[list[Any]]:
    """The requests that an app that writes invoices gets over HTTP."""
    from saleor.app.models import App
    from saleor.permission.models import Permission

    app = App.objects.create(name="Invoices", identifier="test.invoices", is_active=True)
    app.permissions.add(Permission.objects.get(codename="manage_orders"))
    with answering(app, "invoice_requested", lambda _: {}) as told:
        yield told
    app.delete()


def test_the_app_that_writes_an_invoice_is_told_the_policy(
    shopper: SendShopper,
    store: Store,
    driver: Driver,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    invoices: list[Any],
) -> None:
    # given a policy
    order, _ = buy(shopper(store.usd), store, payments)
    work()
    (booking,) = bookings(simulator)
    # when staff request the invoice
    driver.mutate(INVOICE_REQUEST, {"id": order.id}, token=store.staff_token())
    # then what the app writes it from names the policy, its premium and the tax in it
    ((told,),) = invoices
    facts = told["order"]["metadata"]
    assert facts["xcover_policy"] == booking["id"]
    assert (facts["xcover_premium"], facts["xcover_taxes"]) == ("6.66", "IPT 0.71")


def test_a_policy_a_shopper_invented_is_in_no_mail(
    shopper: SendShopper, store: Store, payments: Any, inbox: Inbox
) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.write_metadata({"xcover_policy": "AB1CD-EF2GH-INS", "xcover_status": "confirmed"})
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    buyer.complete()

    assert inbox.sent
    assert {text for _, text in inbox.sent} == {TICKETS}


def test_an_order_without_protection_says_nothing_of_it(
    shopper: SendShopper, store: Store, payments: Any, inbox: Inbox
) -> None:
    buy(shopper(store.usd), store, payments, is_insured=False)

    assert "order_confirmation" in dict(inbox.sent)
    assert {text for _, text in inbox.sent} == {TICKETS}
