"""Webhooks sent to the partner (https://partner-docs.covergenius.com/offers/api/webhooks)."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

SECRET = "demo-webhook-secret-0001"


class Receiver:
    """A partner's listener that keeps what it gets and answers ``statuses`` in turn, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], dict]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), json.loads(body)))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def wait_for(self, count):
        """Wait until ``count`` webhooks came, and a moment longer for one too many."""
        until = time.monotonic() + 5
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.3)
        assert len(self.got) == count
        return [body["event"] for _, body in self.got]


@pytest.fixture
def receiver(simulator) -> Iterator[Receiver]:
    receiver = Receiver()
    simulator.settings(webhook_url=receiver.url, webhook_retry_seconds=0.05)
    yield receiver
    simulator.reset()
    receiver.server.shutdown()
    receiver.server.server_close()


def signature_of(date, secret=SECRET):
    digest = hmac.new(secret.encode(), f"date: {date}".encode(), hashlib.sha256).digest()
    signature = quote(base64.b64encode(digest).decode(), safe="")
    return f'Signature keyId="demo-webhook-key",algorithm="hmac-sha256",signature="{signature}"'


def test_the_life_of_a_booking_is_announced(partner, receiver):
    # given
    booking = partner.booking()
    # when
    receiver.wait_for(1)
    path = f"/bookings/{booking['id']}/"
    partner.send("PATCH", path, {"policyholder": {"phone": "+380500000000"}})
    receiver.wait_for(2)
    preview = partner.preview(booking)
    partner.confirm_cancellation(booking, preview["cancellation_id"])
    # then
    assert receiver.wait_for(3) == ["BOOKING_CREATED", "BOOKING_UPDATED", "BOOKING_CANCELLED"]
    created, _, cancelled = (body["payload"] for _, body in receiver.got)
    assert {created["id"], cancelled["id"]} == {booking["id"]}
    assert (created["status"], created["total_price"]) == ("CONFIRMED", 6.66)
    assert (cancelled["status"], cancelled["quotes"][0]["refund_value"]) == ("CANCELLED", 6.66)
    assert "refund_value" not in created["quotes"][0]
    assert set(receiver.got[0][1]) == {"event", "payload"}


def test_previews_refusals_and_repeats_are_not_announced(partner, receiver):
    # given
    offer = partner.offer()
    booking = partner.read(partner.confirm(offer, key="k-1"))
    receiver.wait_for(1)
    # when
    partner.confirm(offer, key="k-1")
    partner.confirm(offer)
    partner.preview(booking)
    path = f"/bookings/{booking['id']}/quote_for_update"
    partner.send("PATCH", path, {"policyholder": {"phone": "+380500000000"}})
    # then
    receiver.wait_for(1)


def test_is_signed_over_the_date_with_sha256(partner, receiver):
    # when
    partner.booking()
    receiver.wait_for(1)
    # then
    headers = receiver.got[0][0]
    assert headers["Authorization"] == signature_of(headers["Date"])
    assert headers["X-Api-Key"] == "demo-webhook-key"
    assert headers["Content-Type"] == "application/json"


def test_our_reference_is_null_unless_switched_on(partner, receiver, simulator):
    # when
    partner.booking(partner_transaction_id="order-1")
    receiver.wait_for(1)
    simulator.settings(webhook_partner_transaction_id=True)
    partner.read(partner.confirm(partner.offer(), partner_transaction_id="order-2"))
    receiver.wait_for(2)
    # then
    sent = [body["payload"]["partner_transaction_id"] for _, body in receiver.got]
    assert sent == [None, "order-2"]


@pytest.mark.parametrize(
    ("statuses", "attempts", "delivered"),
    [([500], 2, True), ([202, 302], 3, True), ([500, 500, 500], 3, False)],
)
def test_anything_but_200_is_tried_three_times_at_most(
    statuses, attempts, delivered, partner, receiver, simulator
):
    # given
    receiver.statuses = list(statuses)
    # when
    partner.booking()
    receiver.wait_for(attempts)
    # then
    webhook = simulator.state()["webhooks"][0]
    assert webhook["delivered"] is delivered
    assert [attempt["status"] for attempt in webhook["attempts"]][: len(statuses)] == statuses


def test_a_dead_listener_does_not_disturb_the_booking(partner, simulator):
    # given
    simulator.settings(webhook_url="http://127.0.0.1:9/nobody", webhook_retry_seconds=0)
    # when
    booking = partner.booking()
    sent = simulator.send_webhook("BOOKING_CREATED", booking["id"])
    # then
    assert booking["status"] == "CONFIRMED"
    assert sent == [{"delivered": False, "attempts": [{"error": "ConnectionError"}] * 3}]


def test_can_be_sent_again_and_again_on_demand(partner, receiver, simulator):
    # given
    booking = partner.booking()
    receiver.wait_for(1)
    # when
    sent = simulator.send_webhook("RENEWAL_DUE", booking["id"], repeat=2)
    # then
    assert [webhook["delivered"] for webhook in sent] == [True, True]
    assert receiver.wait_for(3) == ["BOOKING_CREATED", "RENEWAL_DUE", "RENEWAL_DUE"]
    assert receiver.got[1][1] == receiver.got[2][1]


def test_can_be_sent_unsigned_or_badly_signed_or_late(partner, receiver, simulator):
    # given
    booking = partner.booking()
    receiver.wait_for(1)
    # when
    simulator.send_webhook("BOOKING_UPDATED", booking["id"], signed=False)
    simulator.send_webhook("BOOKING_UPDATED", booking["id"], signed="badly")
    simulator.send_webhook("BOOKING_UPDATED", booking["id"], date_offset_seconds=-3600)
    # then
    unsigned, badly, late = (headers for headers, _ in receiver.got[1:])
    assert "Authorization" not in unsigned
    assert badly["Authorization"] == signature_of(badly["Date"], "not-the-webhook-secret")
    assert late["Authorization"] == signature_of(late["Date"])
    age = datetime.now(UTC) - parsedate_to_datetime(late["Date"])
    assert 3590 < age.total_seconds() < 3620
