"""Signatures that are accepted (https://partner-docs.covergenius.com/offers/api/authentication)."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import requests

from testkit.partner import SECRET, offer_request

DATE = "Fri, 04 Dec 2026 09:05:07 GMT"
PATH = "/x/partners/ABCDE/offers/"
# Computed once with OpenSSL and with the vendor's own Python client.
VECTORS = [
    (
        "hmac-sha512",
        None,
        "XtP1IciWann0oAAq0Gd6qM7IzEhSrpMP0ISDFGSDEz9mb8B%2BJIn3yVb8bHyH0T0SJ4JJmwczdJug06KHNCea4g%3D%3D",
    ),
    ("hmac-sha256", None, "QYb3fXQTBbmYPKd2ilRhyTknbdlBVIa4Sluxj9%2B2n2w%3D"),
    (
        "hmac-sha512",
        "(request-target) date",
        "9%2Bw%2B1uxCe5AYSHAypRrjRMJkRD9N9cXlCWSndU4kGMLhnf5lpFwBTJNr4UMa3lelfqFuyMEXJ%2BOWlphnH3m%2FZw%3D%3D",
    ),
    (
        "hmac-sha256",
        "(request-target) date",
        "E%2FuDqz4PMjtn8nig9XuyJSgmWwlj4%2BIWR0ILwfsZxPo%3D",
    ),
]


def authorization(algorithm, headers, signature, key="demo-key"):
    signed = f'headers="{headers}",' if headers else ""
    return f'Signature keyId="{key}",algorithm="{algorithm}",{signed}signature="{signature}"'


def signature_of(text, hash_function=hashlib.sha512, secret=SECRET):
    digest = hmac.new(secret.encode(), text.encode(), hash_function).digest()
    return quote(base64.b64encode(digest).decode(), safe="")


@pytest.fixture
def knock(simulator):
    """Return a function that sends create offer with these headers and tells the status."""

    def knock(query="", **headers):
        names = {"Authorization": None, "Date": DATE, "X-Api-Key": "demo-key"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return requests.post(
            simulator.base_url.removesuffix("/x") + PATH + query,
            data=json.dumps(offer_request()),
            headers={"Content-Type": "application/json"} | names,
            timeout=5,
        )

    return knock


@pytest.mark.parametrize(("algorithm", "headers", "signature"), VECTORS)
def test_published_vectors_are_accepted(knock, algorithm, headers, signature):
    # when
    response = knock(Authorization=authorization(algorithm, headers, signature))
    # then
    assert response.status_code == 200


def test_the_target_is_signed_without_the_query(knock):
    # when
    response = knock("?include_content=false", Authorization=authorization(*VECTORS[2]))
    # then
    assert response.status_code == 200


def test_sha384_is_accepted(knock):
    # given
    signature = signature_of(f"date: {DATE}", hashlib.sha384)
    # when
    response = knock(Authorization=authorization("hmac-sha384", None, signature))
    # then
    assert response.status_code == 200


def test_the_api_key_header_may_be_missing(knock):
    # when
    response = knock(Authorization=authorization(*VECTORS[0]), X_Api_Key=None)
    # then
    assert response.status_code == 200


GOOD = VECTORS[0][2]
REFUSED = {
    "no signature": {},
    "another scheme": {"Authorization": "Bearer demo-key"},
    "sha-1": {
        "Authorization": authorization(
            "hmac-sha1", None, signature_of(f"date: {DATE}", hashlib.sha1)
        )
    },
    "another secret": {
        "Authorization": authorization(
            "hmac-sha512", None, signature_of(f"date: {DATE}", secret="other")
        )
    },
    "another date": {
        "Authorization": authorization("hmac-sha512", None, GOOD),
        "Date": "Fri, 04 Dec 2026 09:05:08 GMT",
    },
    "no date": {"Authorization": authorization("hmac-sha512", None, GOOD), "Date": None},
    "date of one digit": {
        "Authorization": authorization(
            "hmac-sha512", None, signature_of("date: Fri, 4 Dec 2026 09:05:07 GMT")
        ),
        "Date": "Fri, 4 Dec 2026 09:05:07 GMT",
    },
    "another key id": {"Authorization": authorization("hmac-sha512", None, GOOD, key="other")},
    "another api key header": {
        "Authorization": authorization("hmac-sha512", None, GOOD),
        "X_Api_Key": "other",
    },
    "not percent-encoded": {
        "Authorization": authorization(
            "hmac-sha512", None, GOOD.replace("%2B", "+").replace("%3D", "=")
        )
    },
    "url-safe alphabet": {
        "Authorization": authorization("hmac-sha512", None, GOOD.replace("%2B", "-"))
    },
    "date left out of what is signed": {
        "Authorization": authorization(
            "hmac-sha512",
            "(request-target)",
            signature_of(f"(request-target): post {PATH}"),
        )
    },
}


@pytest.mark.parametrize("_case", REFUSED)
def test_refuses(_case, knock, simulator):
    # when
    response = knock(**REFUSED[_case])
    # then
    assert response.status_code == 403
    assert response.json() == {
        "type": "auth_error",
        "message": "You do not have permission to access this url",
    }
    assert simulator.state()["offers"] == []


def test_an_old_date_is_accepted_until_a_tolerance_is_set(knock, simulator):
    # given
    simulator.settings(clock_tolerance_seconds=300)
    signed = authorization(*VECTORS[0])
    # when
    strict = knock(Authorization=signed)
    then = datetime(2026, 12, 4, 9, 5, 7, tzinfo=UTC)
    simulator.settings(now_offset_seconds=(then - datetime.now(UTC)).total_seconds() + 200)
    in_time = knock(Authorization=signed)
    simulator.settings(now_offset_seconds=(then - datetime.now(UTC)).total_seconds() + 400)
    too_late = knock(Authorization=signed)
    # then
    assert [strict.status_code, in_time.status_code, too_late.status_code] == [403, 200, 403]


def test_a_wrong_partner_code_is_not_found(partner, simulator):
    # when
    response = partner.send("POST", "/offers/", offer_request(), code="WRONG")
    # then
    assert response.status_code == 404
    assert simulator.state()["offers"] == []
