"""XCover lets in what is signed as its documentation says."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from saleor_xcover_plugin.xcover.signing import SignatureVerdict, http_date, sign, signature, verify

VECTORS = json.loads(
    (Path(__file__).resolve().parents[3] / "fixtures" / "signing-vectors.json").read_text()
)
NOW = parsedate_to_datetime(VECTORS["date"])


def ids(vector):
    return f"{vector['algorithm']}-{len(vector['headers'])}"


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=ids)
def test_signatures_match_the_vectors(vector):
    assert (
        signature(
            VECTORS["api_secret"],
            VECTORS["date"],
            algorithm=vector["algorithm"],
            headers=vector["headers"],
            method=VECTORS["method"],
            path=VECTORS["path"] + "?active_only=true",
        )
        == vector["signature"]
    )


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=ids)
def test_signatures_match_the_vendors_own_signer(vector):
    # xcover-python is a development-only oracle: its absence is a broken environment, not a skip.
    from xcover.auth import XCoverAuth
    from xcover.config import AuthConfig, SignatureAlgorithm

    config = AuthConfig(
        api_key=VECTORS["api_key"],
        api_secret=VECTORS["api_secret"],
        headers=" ".join(vector["headers"]),
        algorithm=SignatureAlgorithm(vector["algorithm"]),
    )
    request = requests.Request(
        VECTORS["method"],
        "https://api.example.com" + VECTORS["path"],
        headers={"date": VECTORS["date"]},
    ).prepare()

    theirs = XCoverAuth(config)(request).headers["authorization"]

    assert f'signature="{vector["signature"]}"' in theirs


def test_the_date_is_utc_with_english_names_and_two_digits():
    assert http_date(NOW) == "Fri, 04 Dec 2026 09:05:07 GMT"
    berlin = NOW.astimezone(tz=None)
    assert http_date(berlin) == "Fri, 04 Dec 2026 09:05:07 GMT"


def test_a_request_carries_the_documented_headers_and_no_more():
    headers = sign("demo-key", "demo-secret-0001", NOW)

    assert headers == {
        "Authorization": (
            'Signature keyId="demo-key",algorithm="hmac-sha512",signature="'
            + VECTORS["vectors"][0]["signature"]
            + '"'
        ),
        "Date": VECTORS["date"],
        "X-Api-Key": "demo-key",
    }


def inbound(now=NOW, secret="ours", algorithm="hmac-sha256"):  # noqa: S107
    return sign("key-1", secret, now, algorithm=algorithm)


def dated(date):
    """Return a webhook whose Date header is this text, signed over it by who knows our secret."""
    value = signature("ours", date, algorithm="hmac-sha256")
    return {
        "Authorization": f'Signature keyId="key-1",algorithm="hmac-sha256",signature="{value}"',
        "Date": date,
    }


SECRETS = {"key-1": "ours", "key-0": "the one before"}


def test_a_webhook_signed_with_any_of_our_keys_is_good():
    assert verify(inbound(), SECRETS, NOW) == SignatureVerdict.GOOD
    older = sign("key-0", "the one before", NOW, algorithm="hmac-sha512")
    assert verify(older, SECRETS, NOW) == SignatureVerdict.GOOD


@pytest.mark.parametrize(
    ("_case", "headers", "verdict"),
    [
        ("no headers", {}, SignatureVerdict.MISSING),
        ("other scheme", inbound() | {"Authorization": "Bearer x"}, SignatureVerdict.MISSING),
        ("forged", inbound(secret="guess"), SignatureVerdict.FORGED),
        ("signature of another date", inbound() | {"Date": http_date(NOW - timedelta(1))}, "clock"),
        ("replayed later", inbound(NOW - timedelta(minutes=6)), SignatureVerdict.CLOCK),
        ("from the future", inbound(NOW + timedelta(minutes=6)), SignatureVerdict.CLOCK),
        ("date is prose", inbound() | {"Date": "yesterday"}, SignatureVerdict.CLOCK),
        ("no date", inbound() | {"Date": ""}, SignatureVerdict.CLOCK),
        ("a superscript day", dated("Fri, \u00b2 Dec 2026 09:05:07 GMT"), SignatureVerdict.CLOCK),
        ("Arabic digits", dated("Fri, 0\u0664 Dec 2026 09:05:07 GMT"), SignatureVerdict.CLOCK),
        (
            "a huge second",
            dated("Fri, 04 Dec 2026 09:05:0" + "8" * 30 + " GMT"),
            SignatureVerdict.CLOCK,
        ),
        ("a huge year", dated("04 Dec " + "9" * 20 + " 09:05:07 GMT"), SignatureVerdict.CLOCK),
        ("a huge offset", dated("Fri, 04 Dec 2026 09:05:07 +999999999999"), SignatureVerdict.CLOCK),
        ("the first year", dated("Mon, 01 Jan 0001 00:00:00 +2359"), SignatureVerdict.CLOCK),
        ("the last year", dated("Fri, 31 Dec 9999 23:59:59 -2359"), SignatureVerdict.CLOCK),
        ("a date of 64 kB", dated("Fri, " + "0" * 65_536 + "4 Dec 2026 09:05:07 GMT"), "clock"),
        ("unknown key", sign("key-9", "ours", NOW), SignatureVerdict.UNKNOWN_KEY),
        (
            "weak hash",
            {
                "Authorization": 'Signature keyId="key-1",algorithm="hmac-sha1",signature="eA=="',
                "Date": http_date(NOW),
            },
            SignatureVerdict.ALGORITHM_REFUSED,
        ),
        (
            "date not signed",
            {
                "Authorization": (
                    'Signature keyId="key-1",algorithm="hmac-sha256",'
                    'headers="(request-target)",signature="eA=="'
                ),
                "Date": http_date(NOW),
            },
            SignatureVerdict.CLOCK,
        ),
    ],
)
def test_anything_else_is_refused_with_its_reason(_case, headers, verdict):
    assert verify(headers, SECRETS, NOW) == verdict


def test_time_passes_between_two_attempts_so_their_signatures_differ():
    first = sign("demo-key", "demo-secret-0001", datetime(2026, 12, 4, 9, 5, 7, tzinfo=UTC))
    second = sign("demo-key", "demo-secret-0001", datetime(2026, 12, 4, 9, 5, 8, tzinfo=UTC))

    assert first["Authorization"] != second["Authorization"]
