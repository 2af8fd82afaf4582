"""A call can be followed in the log, and nobody can be recognised in it."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.tickets import Policyholder
from saleor_xcover_plugin.xcover.errors import XCoverError
from saleor_xcover_plugin.xcover.payloads import confirm_body, encode
from saleor_xcover_plugin.xcover.redaction import HIDDEN, redact

from .wire import canned, fixture

PRIVATE = ["Ana", "Diaz", "ana@example.com", "+441134960000", "T0KEN-T0KEN-T0KEN"]
ANA = Policyholder("Ana", "Diaz", "ana@example.com", "+441134960000", "GB")
QUOTE = "51de0000-0000-4000-8000-000000000001"
LOGGER = "saleor_xcover_plugin.xcover"


def lines(caplog):
    return [record for record in caplog.records if record.name == LOGGER]


def confirm(client):
    body = confirm_body([QUOTE], ANA, transaction_id="order-1001")
    return client.confirm_offer("0ffe-1", body, idempotency_key="key-1")


def test_one_line_tells_each_attempt(caplog):
    caplog.set_level(logging.INFO, LOGGER)
    client, _ = canned(200, fixture("booking_confirmed"))

    confirm(client)

    (line,) = lines(caplog)
    assert line.getMessage() == "xcover.call"
    assert (line.operation, line.method, line.status, line.idempotency_key) == (
        "confirm_offer",
        "POST",
        200,
        "key-1",
    )
    assert line.path == "/x/partners/ABCDE/offers/0ffe-1/confirm/"
    assert line.bytes_sent > 100
    assert line.bytes_received > 1000
    assert line.milliseconds >= 0
    assert not hasattr(line, "sent")


def test_bodies_are_logged_for_debugging_without_people(caplog):
    caplog.set_level(logging.DEBUG, LOGGER)
    client, _ = canned(200, fixture("booking_confirmed"))

    confirm(client)

    _, bodies = lines(caplog)
    assert bodies.received["id"] == "AB1CD-EF2GH-INS"
    assert bodies.received["total_price"] == "9.4"
    assert bodies.received["quotes"][0]["status"] == "CONFIRMED"
    assert bodies.sent == {"quotes": [{"id": QUOTE}]}


@given(
    st.recursive(
        st.sampled_from(PRIVATE),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *("id", "status", "code", "type", "price", "quotes", "policyholder"),
                        *("errors", "message", "details", "content", "created_at"),
                        *("security_token", *PRIVATE),
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from([200, 201, 400, 404, 409, 422, 502]),
)
def test_private_words_anywhere_in_an_answer_stay_out_of_log_and_errors(body, status):
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record):
            written.append(str(record.__dict__))

    logger, keep = logging.getLogger(LOGGER), Keep()
    level = logger.level
    logger.addHandler(keep)
    logger.setLevel(logging.DEBUG)
    try:
        client, _ = canned(status, json.dumps(body).encode())
        try:
            confirm(client)
        except XCoverError as error:
            written.append(f"{error} {error!r} {error.fields} {error.__dict__}")
    finally:
        logger.removeHandler(keep)
        logger.setLevel(level)

    said = " ".join(written)
    assert "xcover.call" in said
    assert [word for word in [*PRIVATE, "demo-secret-0001", "signature="] if word in said] == []


@pytest.mark.parametrize("body", [b"<html>Ana Diaz</html>", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_only_measured(body):
    assert redact(body) == f"[{len(body)} bytes, not JSON]"


def test_unlisted_fields_are_left_out_and_odd_values_hidden():
    body = encode({"id": "Ana", "status": "Diaz", "price": "ana@example.com", "phone": "+44"})

    assert redact(body) == {"id": HIDDEN, "status": HIDDEN, "price": HIDDEN}
