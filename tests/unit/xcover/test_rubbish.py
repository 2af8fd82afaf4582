"""Whatever a server answers, the client returns a typed value or raises its own error."""

import copy
import json
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saleor_xcover_plugin.xcover.errors import XCoverError
from saleor_xcover_plugin.xcover.parsing import load
from saleor_xcover_plugin.xcover.responses import parse_response
from saleor_xcover_plugin.xcover.signing import SignatureVerdict, verify
from saleor_xcover_plugin.xcover.transport import Response

from .test_calls import CALLS
from .wire import NOW, canned, fixture

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "status", "errors", "products", "quotes", "content", "partner"])
            | st.text(max_size=8),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
STATUSES = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 422, 423, 429, 500, 599])
GOOD = {
    "create": "offer_two_events",
    "confirm": "booking_confirmed",
    "ask": "modification_preview",
    "preview": "cancellation_preview",
    "cancel": "cancellation_done",
}


def survive(client, name):
    try:
        CALLS[name](client)
    except XCoverError as error:
        str(error)


@given(st.sampled_from(list(CALLS)), STATUSES, JSON)
def test_rubbish_json_is_an_error_of_ours(name, status, body):
    client, _ = canned(status, json.dumps(body).encode())
    survive(client, name)


@given(st.sampled_from(list(GOOD)), st.integers(), JSON)
def test_one_spoilt_place_in_a_good_answer_is_survived(name, seed, rubbish):
    body = copy.deepcopy(fixture(GOOD[name]))
    chance = random.Random(seed)  # noqa: S311
    place = body
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner) or chance.random() < 0.3:
            break
        place = inner
    place[key] = rubbish
    client, _ = canned(200, json.dumps(body).encode())
    survive(client, name)


@pytest.mark.parametrize("status", [200, 409, 422])
@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":' + b"[" * 700 + b"]" * 700 + b"}",
        b'{"errors":' + b'{"a":' * 700 + b"1" + b"}" * 701,
        b"[" * 100_000,
        b'{"a": 1e9999999999999999999999}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"a": NaN}',
        b'{"id": "\\ud800", "products": [{"id": []}], "content": {"products": [{"id": {}}]}}',
        b"\xff\xfe",
    ],
    ids=["lists", "objects", "open lists", "exponent", "digits", "NaN", "ids", "encoding"],
)
def test_hostile_json_is_an_error_of_ours(status, body):
    for name in CALLS:
        client, _ = canned(status, body)
        survive(client, name)


@given(st.text(max_size=60), st.text(max_size=60))
@example("²", "")
@example("Mon, 01 Jan 0001 00:00:00 +1400", "Mon, 01 Jan 0001 00:00:00 -1400")
def test_any_retry_after_is_survived(retry_after, date):
    answer = Response(429, {"Retry-After": retry_after, "Date": date}, b"")
    with pytest.raises(XCoverError) as caught:
        parse_response("get_booking", answer, now=NOW)
    assert caught.value.retry_after is None or 0 <= caught.value.retry_after <= 3600


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_inbound_signature_is_judged(authorization, date):
    for text in (authorization, f"Signature {authorization}"):
        headers = {"Authorization": text, "Date": date}
        assert verify(headers, {"key-1": "ours"}, NOW) != SignatureVerdict.GOOD


def test_an_empty_secret_lets_nobody_in():
    from saleor_xcover_plugin.xcover.signing import sign

    assert verify(sign("", "", NOW), {"": ""}, NOW) == SignatureVerdict.UNKNOWN_KEY


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**9))
def test_money_keeps_every_digit_on_its_way_in(amount):
    (found,) = load(f'{{"a": {amount:f}}}'.encode()).values()

    assert found == amount
    assert not isinstance(found, float)
