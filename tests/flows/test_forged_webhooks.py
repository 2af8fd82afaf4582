"""Whoever has no key of ours moves nothing, whatever they send and however often."""

from __future__ import annotations

import json
import random
import string
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from testkit.client.driver import PLUGIN_ID
from testkit.saleor import bootstrap

from .holding import held_table

KEYS = {
    "webhook_key": "our-key",
    "webhook_secret": "our-secret",
    "previous_webhook_key": "our-old-key",
    "previous_webhook_secret": "our-old-secret",
}
COUNT = 1_000 if bootstrap.is_available() else 10_000
SEED = 5


@pytest.fixture
def path(store, staff) -> Iterator[str]:
    staff.configure_plugin(store.usd_unpaid, KEYS)
    yield f"/plugins/channel/{store.usd_unpaid.slug}/{PLUGIN_ID}/events/"
    staff.configure_plugin(store.usd_unpaid, dict.fromkeys(KEYS, ""))


@pytest.fixture
def post(path):
    """Send a webhook to the store; return the status of the answer."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")

    def send(headers, body=b"{}", *, to=path):
        return client.post(to, body, content_type="application/json", headers=headers).status_code

    return send


def news(booking_id="ABCDE-00000-INS", event="BOOKING_CANCELLED"):
    payload = {"id": booking_id, "status": "CANCELLED", "quotes": []}
    return json.dumps({"event": event, "payload": payload}).encode()


def journal():
    from saleor_xcover_plugin.models import ReceivedNotification

    return ReceivedNotification.objects.count()


def signed(key, secret, at=None, algorithm="hmac-sha256"):
    from saleor_xcover_plugin.xcover.signing import sign

    return sign(key, secret, at or datetime.now(UTC), algorithm=algorithm)


def forged(draw: random.Random) -> tuple[dict[str, str], bytes]:
    """Make one webhook that somebody without our secrets could send."""
    headers = signed(
        draw.choice(["our-key", "our-old-key", "", "other", "our-key\u00e9".encode().hex()]),
        draw.choice(["", "guess", "our-key", _text(draw, 20)]),
        datetime.now(UTC) + timedelta(seconds=draw.choice([0, 0, 0, -400, 400, 10**7])),
        draw.choice(["hmac-sha256", "hmac-sha384", "hmac-sha512"]),
    )
    for _ in range(draw.randint(0, 2)):
        _spoil(draw, headers)
    body = draw.choice([news(), news(_text(draw, 30)), b"", b"[]", _text(draw, 200).encode()])
    return headers, body


def _spoil(draw: random.Random, headers: dict[str, str]) -> None:
    name = draw.choice(sorted(headers)) if headers else "Date"
    value = headers.get(name, "")
    at = draw.randrange(len(value) + 1)
    headers[name] = draw.choice(
        [
            value[:at] + draw.choice(string.printable[:94]) + value[at:],
            value[:at],
            value.replace("hmac-sha", "none"),
            value.replace("date", "(request-target)"),
            _text(draw, 60),
            f"{value}, {value}",
        ]
    )
    if draw.random() < 0.1:
        del headers[name]


def _text(draw: random.Random, length: int) -> str:
    return "".join(draw.choices(string.printable[:94], k=draw.randint(0, length)))


def test_thousands_of_forged_webhooks_change_nothing(post):
    # given
    draw, answers = random.Random(SEED), Counter()  # noqa: S311 a story told again
    # when
    for _ in range(COUNT):
        headers, body = forged(draw)
        answers[post(headers, body)] += 1
    # then: refused, every one, and none of them broke anything
    assert answers == {403: COUNT}
    assert journal() == 0


def test_the_key_before_is_good_until_it_is_emptied(post, store, staff):
    # given a webhook under the new key and one under the key before
    assert post(signed("our-key", "our-secret"), news()) == 200
    assert post(signed("our-old-key", "our-old-secret"), news("OTHER-00000-INS")) == 200
    assert journal() == 2
    # when the change is over
    staff.configure_plugin(
        store.usd_unpaid, {"previous_webhook_key": "", "previous_webhook_secret": ""}
    )
    # then
    assert post(signed("our-old-key", "our-old-secret"), news("THIRD-00000-INS")) == 403
    assert post(signed("our-key", "our-secret"), news("THIRD-00000-INS")) == 200
    assert journal() == 3


def test_what_cannot_be_written_down_now_is_to_be_sent_again(post):
    from saleor_xcover_plugin.models import ReceivedNotification

    with held_table(ReceivedNotification):
        assert post(signed("our-key", "our-secret"), news()) == 503
    assert journal() == 0
    assert post(signed("our-key", "our-secret"), news()) == 200
    assert journal() == 1


def test_a_secret_signs_for_its_own_key_only(post):
    assert post(signed("our-key", "our-old-secret"), news()) == 403
    assert post(signed("our-old-key", "our-secret"), news()) == 403
    assert journal() == 0


def test_a_webhook_of_one_channel_is_no_good_for_another(post, store):
    other = f"/plugins/channel/{store.usd.slug}/{PLUGIN_ID}/events/"

    assert post(signed("our-key", "our-secret"), news(), to=other) == 403
    assert journal() == 0


def test_the_same_news_again_and_in_another_order_is_journaled_once(post):
    first, second = news(event="BOOKING_UPDATED"), news(event="BOOKING_CANCELLED")
    for body in (second, first, second, first):
        assert post(signed("our-key", "our-secret"), body) == 200

    assert journal() == 2


def test_events_nobody_knows_and_large_bodies_are_taken_in_peace(post):
    assert post(signed("our-key", "our-secret"), news(event="RENEWAL_DUE")) == 200
    assert post(signed("our-key", "our-secret"), b"x" * 70_000) == 200
    assert journal() == 1


@pytest.mark.parametrize("text", ["\x00", "A\ud800", "\u0661\u00b2", "A B\n", "\u202eABCDE"])
def test_texts_no_table_takes_are_taken_in_peace(post, text):
    """XCover writes plain names; the body is not signed, so whoever repeats a webhook writes it."""
    good = signed("our-key", "our-secret")

    assert post(good, news(event=text)) == 200
    assert post(good, news(booking_id=text)) == 200
    odd_status = {"event": "BOOKING_UPDATED", "payload": {"id": "A", "status": text, "quotes": []}}
    assert post(good, json.dumps(odd_status).encode()) == 200
    assert journal() == 0


def test_odd_states_of_quotes_break_nothing(post):
    quotes = [{"status": "\ud800"}, {"status": ["\x00"] * 1_000}, {}]
    payload = {"id": "ABCDE-00000-INS", "status": "CANCELLED", "quotes": quotes}
    body = json.dumps({"event": "BOOKING_CANCELLED", "payload": payload}).encode()

    assert post(signed("our-key", "our-secret"), body) == 200
    assert journal() == 1


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 04 Dec 2026 09:05:0" + "8" * 30 + " GMT",
        "Fri, \u00b2 Dec 2026 09:05:07 GMT",
        "0" * 5_000,
    ],
)
def test_a_hostile_date_is_refused(post, date):
    from saleor_xcover_plugin.xcover.signing import signature

    value = signature("our-secret", date, algorithm="hmac-sha256")
    signs = f'Signature keyId="our-key",algorithm="hmac-sha256",signature="{value}"'

    assert post({"Authorization": signs, "Date": date}, news()) == 403
    assert journal() == 0
