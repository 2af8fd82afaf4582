"""Whatever the network does, a call ends in its time with an error that says what to do."""

import threading
import time

import pytest

from saleor_xcover_plugin.xcover.errors import (
    XCoverBadResponse,
    XCoverError,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverThrottled,
    XCoverUnavailable,
)

from .rude_server import OK_HEAD, answer, drips, resets, rude_server, says, silent

DEADLINE = 0.8


def error_of(client, deadline=DEADLINE):
    started = time.monotonic()
    with pytest.raises(XCoverError) as caught:
        client.create_offer(b"{}", deadline=deadline)
    return caught.value, time.monotonic() - started


@pytest.mark.parametrize(
    ("_case", "behave"),
    [
        ("silence", silent),
        ("headers drip", drips(OK_HEAD + b"X-Slow: ", b"a")),
        ("status line drips", drips(b"HTTP/1.1 20", b"0")),
        ("body drips", drips(OK_HEAD + b"Content-Length: 100000\r\n\r\n", b" ")),
        (
            "chunked body drips",
            drips(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        ),
    ],
)
def test_one_total_deadline_covers_the_whole_call(_case, behave, client_at):
    with rude_server(behave) as server:
        error, took = error_of(client_at(server.url))

    assert isinstance(error, XCoverUnavailable)
    assert took < DEADLINE * 3  # far below what the drip alone would take
    assert "within 0.8 s" in str(error)


def test_the_thread_of_an_abandoned_call_ends(client_at):
    with rude_server(drips(OK_HEAD + b"X-Slow: ", b"a")) as server:
        error_of(client_at(server.url))

        ends_at = time.monotonic() + 5
        while any(t.name == "xcover-call" for t in threading.enumerate()):
            assert time.monotonic() < ends_at, "the thread still reads the drip"
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("_case", "behave", "kind"),
    [
        ("reset", resets, XCoverUnavailable),
        (
            "gateway page",
            says(answer(b"<html>Bad Gateway</html>", "502 Bad Gateway")),
            XCoverUnavailable,
        ),
        ("HTML as success", says(answer(b"<html>Maintenance</html>")), XCoverUnavailable),
        ("cut JSON", says(answer(b'{"id": "7a0c')), XCoverUnavailable),
        ("empty success", says(answer(b"")), XCoverBadResponse),
        ("a list", says(answer(b"[]")), XCoverBadResponse),
        ("nested too deeply", says(answer(b"[" * 100_000)), XCoverUnavailable),
        ("locked", says(answer(b"{}", "423 Locked")), XCoverUnavailable),
        ("success with errors", says(answer(b'{"id":"1","errors":{"0":"no"}}')), XCoverNoOffer),
        ("unauthorised", says(answer(b"{}", "401 Unauthorized")), XCoverMisconfigured),
        ("forbidden page", says(answer(b"<html>", "403 Forbidden")), XCoverMisconfigured),
        ("too much", says(answer(b"[" + b"1," * 600_000 + b"1]")), XCoverUnavailable),
    ],
)
def test_bad_answers_say_what_to_do(_case, behave, kind, client_at):
    with rude_server(behave) as server:
        error, _ = error_of(client_at(server.url), deadline=5)

    assert type(error) is kind


def test_nobody_listening_is_unavailable(client_at):
    with rude_server(silent) as server:
        url = server.url
    error, _ = error_of(client_at(url))

    assert type(error) is XCoverUnavailable


def test_a_redirect_is_never_followed(client_at):
    with rude_server(says(answer(b"{}"))) as elsewhere:
        location = b"Location: " + elsewhere.url.encode() + b"/\r\n"
        with rude_server(says(answer(b"", "301 Moved Permanently", location))) as server:
            error, _ = error_of(client_at(server.url))

    assert type(error) is XCoverMisconfigured
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"Retry-After: 7\r\n", 7.0),
        (b"Retry-After: 99999\r\n", 3600.0),
        (
            b"Date: Fri, 04 Dec 2026 09:05:07 GMT\r\n"
            b"Retry-After: Fri, 04 Dec 2026 09:05:37 GMT\r\n",
            30.0,
        ),
        (b"Retry-After: soon\r\n", None),
        (b"", None),
    ],
)
def test_throttling_says_how_long_to_wait(header, seconds, client_at):
    with rude_server(says(answer(b"{}", "429 Too Many Requests", header))) as server:
        error, _ = error_of(client_at(server.url))

    assert type(error) is XCoverThrottled
    assert error.retry_after == seconds


def test_two_calls_share_one_connection(client_at):
    with rude_server(says(answer(b'{"errors": {"0": "no offer"}}'))) as server:
        client = client_at(server.url)
        error_of(client)
        error_of(client)

        assert (server.connections, len(server.requests)) == (1, 2)


def test_an_address_that_is_none_is_a_configuration_error(client_at):
    error, _ = error_of(client_at("ftp://api.example.com/x"))

    assert type(error) is XCoverMisconfigured
