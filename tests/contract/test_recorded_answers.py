"""Every recorded answer of XCover is read as what it is.

The recordings lie beside the project, not in it. Where they are missing these tests say so.
"""

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from saleor_xcover_plugin.xcover.answers import (
    Booking,
    CancellationPreview,
    CancelledBooking,
    Modification,
    Offer,
)
from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient, read_answer
from saleor_xcover_plugin.xcover.errors import (
    XCoverAlreadyBooked,
    XCoverBadAnswer,
    XCoverError,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverNotFound,
    XCoverRejected,
    XCoverStatusConflict,
)
from saleor_xcover_plugin.xcover.transport import Answer, Transport

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(os.environ.get("XCOVER_RECORDED", ROOT.parent / "shared" / "xcover-recorded"))
IS_MISSING = not RECORDED.is_dir()
REASON = f"the recorded answers are not at {RECORDED}; set XCOVER_RECORDED to their folder"

Operation = Callable[[XCoverClient], Any]


def create(client):
    return client.create_offer(b"{}")


def confirm(client):
    return client.confirm_offer("offer", b"{}", idempotency_key="k")


def opt_out(client):
    return client.opt_out("offer", idempotency_key="k")


def get(client):
    return client.get_booking("booking")


def preview_cancel(client):
    return client.preview_cancellation("booking", b"{}", idempotency_key="k")


def confirm_cancel(client):
    return client.confirm_cancellation("booking", "c-CCL", idempotency_key="k")


def modify(client):
    return client.modify_booking("booking", b"{}", idempotency_key="k", preview=False)


def preview_modify(client):
    return client.modify_booking("booking", b"{}", idempotency_key="k", preview=True)


def confirm_modify(client):
    return client.confirm_modification("booking", "u-UPD", idempotency_key="k")


@dataclass(frozen=True)
class Row:
    file: str
    operation: Operation
    expected: type | None


ROWS = (
    # Legacy quote packages have no operation in the Offers API: reading one as an offer must fail
    # loudly, never half-succeed.
    Row("legacy/01_quote_create_201", create, XCoverBadAnswer),
    Row("legacy/02_quote_unexpected_field_422", create, XCoverNoOffer),
    Row("legacy/03_opt_out_204", opt_out, None),
    Row("legacy/04_quote_get_after_opt_out_200", get, XCoverBadAnswer),
    Row("legacy/05_booking_create_confirmed_200", confirm, Booking),
    Row("legacy/06_booking_create_pending_payment_200", confirm, Booking),
    Row("legacy/07_booking_confirm_payment_201", confirm, Booking),
    Row("legacy/08_booking_get_200", get, Booking),
    Row("legacy/09_booking_patch_phone_200", modify, Modification),
    Row("legacy/10_booking_patch_bad_phone_422", modify, XCoverRejected),
    Row("legacy/11_quote_for_update_200", preview_modify, Modification),
    Row("legacy/12_confirm_update_201", confirm_modify, Modification),
    Row("legacy/13_cancel_preview_200", preview_cancel, CancellationPreview),
    Row("legacy/14_booking_get_between_preview_and_confirm_200", get, Booking),
    Row("legacy/15_confirm_cancellation_200", confirm_cancel, CancelledBooking),
    Row("legacy/16_booking_get_after_cancellation_200", get, Booking),
    Row("legacy/17_cancel_immediate_200", confirm_cancel, CancelledBooking),
    Row("legacy/18_send_email_202", opt_out, None),
    Row("legacy/19_send_email_wrong_state_422", opt_out, XCoverRejected),
    Row("legacy/20_list_bookings_200", get, XCoverBadAnswer),
    Row("legacy/21_php_quote_required_fields_422", create, XCoverNoOffer),
    Row("legacy/22_php_opt_out_unexpected_field_422", opt_out, XCoverRejected),
    Row("legacy/23_php_cancel_unexpected_field_422", preview_cancel, XCoverRejected),
    Row("legacy/24_php_cancel_with_reason_200", confirm_cancel, CancelledBooking),
    Row("legacy/25_php_cancel_preview_refund_type_200", preview_cancel, CancellationPreview),
    Row("offers/01_create_offer_gbp_200", create, Offer),
    Row("offers/02_create_offer_extra_fields_200", create, Offer),
    Row("offers/03_create_offer_jpy_200", create, Offer),
    Row("offers/04_create_offer_missing_objects_422", create, XCoverNoOffer),
    Row("offers/05_create_offer_quote_generation_failed_422", create, XCoverNoOffer),
    Row("offers/06_malformed_json_400", create, XCoverRejected),
    Row("offers/07_bad_signature_403", create, XCoverMisconfigured),
    Row("offers/08_confirm_200", confirm, Booking),
    Row("offers/09_confirm_again_without_key_422", confirm, XCoverAlreadyBooked),
    Row("offers/10_confirm_unknown_offer_404", confirm, XCoverNotFound),
    Row("offers/11_confirm_with_key_200", confirm, Booking),
    Row("offers/12_confirm_same_key_409", confirm, Booking),
    Row("offers/13_opt_out_204", opt_out, None),
    Row("offers/14_cancel_preview_200", preview_cancel, CancellationPreview),
    Row("offers/15_cancel_immediate_200", confirm_cancel, CancelledBooking),
    Row("offers/16_cancel_again_422", preview_cancel, XCoverStatusConflict),
    Row("offers/17_confirm_cancellation_200", confirm_cancel, CancelledBooking),
    Row("offers/18_confirm_new_key_error_v2_422", confirm, XCoverAlreadyBooked),
)


class Replay(BaseAdapter):
    """Answers every request with one recorded response."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        super().__init__()
        body = recorded["body"]
        self.status = recorded["status"]
        self.headers = recorded.get("headers") or {}
        text = body if isinstance(body, str) else json.dumps(body)
        self.body = b"" if body is None else text.encode()

    def send(self, request, **_kwargs):
        response = requests.Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        response.raw = io.BytesIO(self.body)
        response.request = request
        return response

    def close(self):
        pass


def replayed(name: str) -> XCoverClient:
    text = (RECORDED / f"{name}.json").read_text()
    session = requests.Session()
    session.mount("https://", Replay(json.loads(text)["response"]))
    credentials = Credentials("https://api.example.com/x", "ABCDE", "key", "secret")
    now = datetime(2026, 12, 4, tzinfo=UTC)
    return XCoverClient(credentials, Transport(session, clock=lambda: now))


@pytest.mark.skipif(IS_MISSING, reason=REASON)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.file)
def test_every_recorded_answer_is_read_as_what_it_is(row):
    client = replayed(row.file)

    if row.expected is None:
        assert row.operation(client) is None
    elif issubclass(row.expected, XCoverError):
        with pytest.raises(row.expected) as caught:
            row.operation(client)
        assert type(caught.value) is row.expected
    else:
        assert type(row.operation(client)) is row.expected


@pytest.mark.skipif(IS_MISSING, reason=REASON)
def test_no_recording_is_left_out():
    present = {str(p.relative_to(RECORDED).with_suffix("")) for p in RECORDED.rglob("*.json")}

    assert present == {row.file for row in ROWS}


@pytest.mark.skipif(IS_MISSING, reason=REASON)
def test_a_preview_is_not_mistaken_for_a_cancellation():
    preview = preview_cancel(replayed("offers/14_cancel_preview_200"))

    assert preview.cancellation_id.endswith("-CCL")
    assert preview.refund_amounts_agree
    assert preview.cooling_off_until is not None
    assert get(replayed("legacy/14_booking_get_between_preview_and_confirm_200")).is_confirmed
    with pytest.raises(XCoverBadAnswer):
        preview_cancel(replayed("offers/15_cancel_immediate_200"))  # nothing left to confirm


@pytest.mark.skipif(IS_MISSING, reason=REASON)
def test_money_arrives_to_the_cent():
    offer = create(replayed("offers/01_create_offer_gbp_200"))

    for quote in offer.quotes:
        assert isinstance(quote.premium, Decimal)
        assert quote.premium_without_tax + quote.tax == quote.premium


@pytest.mark.skipif(IS_MISSING, reason=REASON)
def test_the_stored_booking_of_a_409_is_the_first_answer():
    assert confirm(replayed("offers/11_confirm_with_key_200")) == confirm(
        replayed("offers/12_confirm_same_key_409")
    )


def test_a_409_without_a_booking_is_a_refusal():
    with pytest.raises(XCoverRejected):
        read_answer("confirm_offer", Answer(409, {}, b'{"type": "api_error", "message": "no"}'))
