"""Secrets and people never reach logs and error texts."""

import json
import logging

import pytest

from saleor_xcover_plugin.domain.tickets import Policyholder
from saleor_xcover_plugin.xcover.client import Credentials
from saleor_xcover_plugin.xcover.errors import XCoverError
from saleor_xcover_plugin.xcover.payloads import confirm_body

from .rude_server import answer, rude_server, says

PERSON = Policyholder("Ana", "Diaz", "ana@example.com", "+16175550123", "US", "Boston", "02108")
PRIVATE = ["Ana", "Diaz", "ana@example.com", "+16175550123", "demo-secret-0001", "SECRET-TOKEN"]
REFUSAL = {
    "type": "validation_error",
    "message": "Ana Diaz has no phone +16175550123",
    "errors": {"policyholder": {"phone": ["+16175550123 is wrong"], "ana@example.com": "odd"}},
    "security_token": "SECRET-TOKEN",
}


@pytest.mark.parametrize(
    ("_case", "body"),
    [
        ("refusal", answer(json.dumps(REFUSAL).encode(), "422 Unprocessable Entity")),
        (
            "page that echoes",
            answer(b"<html>ana@example.com SECRET-TOKEN</html>", "502 Bad Gateway"),
        ),
        ("echo as success", answer(json.dumps(REFUSAL | {"id": "Ana"}).encode())),
        (
            "garbled booking",
            answer(b'{"id":"X-INS","status":"Ana","currency":"Diaz","total_price":"SECRET-TOKEN"}'),
        ),
    ],
)
def test_nothing_private_is_logged_or_said(_case, body, client_at, caplog):
    caplog.set_level(logging.DEBUG)
    with rude_server(says(body)) as server, pytest.raises(XCoverError) as caught:
        client_at(server.url).confirm_offer(
            "offer-1",
            confirm_body(["q1"], PERSON, transaction_id="1001"),
            idempotency_key="0b7d",
        )

    written = " ".join(
        [str(caught.value), repr(caught.value), str(caught.value.fields)]
        + [str(record.__dict__) for record in caplog.records if "saleor_xcover" in record.name]
    )
    assert [private for private in PRIVATE if private in written] == []


def test_a_refused_field_is_named_without_its_value(client_at):
    body = answer(json.dumps(REFUSAL).encode(), "422 Unprocessable Entity")
    with rude_server(says(body)) as server, pytest.raises(XCoverError) as caught:
        client_at(server.url).confirm_offer("offer-1", b"{}", idempotency_key="0b7d")

    assert caught.value.fields == ("policyholder.phone",)


def test_credentials_do_not_show_when_printed():
    assert "secret" not in repr(Credentials("https://x", "ABCDE", "the-key", "the-secret"))
    assert "the-key" not in repr(Credentials("https://x", "ABCDE", "the-key", "the-secret"))
