"""The page about personal data names every period, obstacle and refusal, as the code does."""

from pathlib import Path

import pytest
from django.apps import apps

from saleor_xcover_plugin.domain import erasure, retention
from testkit.generated_tables import require_current, table

OF_A_PERSON = {
    "Offer": "checkout_token order_id country language ticket_count shown_at request turns",
    "Quote": "offer is_chosen",
    "Consent": "offer answer quote_ids premium language source created_at",
    "Cover": "order_id order_number offer booking_id pds_url sealed_links policyholder_digests "
    "reason_code reason amount_due_back refunded_when_due for_cover_when_due claim paid_at "
    "given_back given_back_at waits_since "
    "confirmed_at cancelled_at",
    "Cancellation": "cover refund_key scope sentence xcover_cancellation_id refund",
    "Modification": "cover wanted wanted_digest sentence xcover_update_id",
    "OutboxMessage": "operation_id subject_id sealed_body last_error",
    "ReceivedNotification": "booking_id booking_status digest outcome",
    "Alarm": "subject sentence",
    "Failure": "subject label",
    "Usage": "key",
}
"""What tells of a person or of what they did, alone or through the order it names."""
OF_NOBODY = {
    "Offer": "id channel_id status reason_code fingerprint xcover_offer_id account currency "
    "event_starts_at content content_hash groups lease_token leased_until quoted_at tried_at "
    "tried_change valid_until line_price line_tax absorbed cost effect is_notice_due created_at "
    "updated_at",
    "Quote": "id position quote_id title premium tax taxes policy_version pds_url content",
    "Consent": "id currency content_hash content",
    "Cover": "id channel_id status premium currency absorbed cooling_off_until created_at "
    "updated_at",
    "Cancellation": "id rule status needs_person approved_refund renewals currency "
    "xcover_refunds_buyer confirm_before cooling_off_until created_at updated_at",
    "Modification": "id status price_difference currency created_at updated_at",
    "OutboxMessage": "id kind idempotency_key priority channel_id account status sending "
    "sent_to attempts crash_count next_attempt_at lease_token leased_until reason_code created_at "
    "updated_at settled_at",
    "ReceivedNotification": "id channel_id event attempts next_attempt_at received_at handled_at",
    "Alarm": "id code raised_at cleared_at",
    "Failure": "id work error times first_at last_at next_attempt_at",
    "Usage": "used_until",
    "RefusalCount": "id channel_id day code count",
    "EventChange": "id variant starts_at told_at",
    "EventCommand": "id variants covers label alive_until created_at",
    "EventRun": "id change status variants label starts_at before left covers channels policies "
    "approved_at approved reached told lease_token leased_until created_at updated_at",
    "Watermark": "name reached_at",
    "ExpectedDrain": "id until ended_at",
    "Heartbeat": "name beat_at details",
    "Installation": "id installation_id bound_to bound_at copied_at",
    "XCoverAccount": "name next_turns throttled_until failures trips open_until opened_at "
    "is_trying last_failed_call clock_skew refused_since updated_at",
}
NAMED = (
    "OutboxMessage.sealed_body",
    "Cover.policyholder_digests",
    "Cover.sealed_links",
    "Cover.amount_due_back",
    "Cover.refunded_when_due",
    "Cover.for_cover_when_due",
    "Cover.given_back",
    "Cover.claim",
    "Modification.wanted",
)
"""What the page must name by its field."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def periods() -> str:
    rows = [
        (f"`--{name}`", period.meaning, f"{period.days:,}", f"{period.least:,}")
        for name, period in retention.OPTIONS.items()
    ]
    return table(("option", "what", "days", "at least"), rows)


def obstacles() -> str:
    rows = [(f"`{code.value}`", text) for code, text in retention.SENTENCES.items()]
    return table(("kept", "why, and what ends it"), rows)


def refusals() -> str:
    rows = [(f"`{code.value}`", text) for code, text in erasure.SENTENCES.items()]
    return table(("code", "what to do first"), rows)


@pytest.mark.parametrize("part", [periods, obstacles, refusals])
def test_a_generated_table_is_current(part, request):
    update = request.config.getoption("--update-golden")
    require_current(PAGE, part.__name__, part(), update=update)


@pytest.mark.parametrize(
    "model",
    list(apps.get_app_config("saleor_xcover_plugin").get_models()),
    ids=lambda model: model.__name__,
)
def test_somebody_decided_of_every_field_whether_it_tells_of_a_person(model):
    name = model.__name__
    telling, other = OF_A_PERSON.get(name, "").split(), OF_NOBODY.get(name, "").split()

    assert sorted(telling + other) == sorted(f.name for f in model._meta.concrete_fields), (
        "decide: list the field here, and if it tells of a person describe it in docs/privacy.md"
    )


def test_every_table_that_tells_of_a_person_is_on_the_page():
    text = PAGE.read_text()
    assert [name for name in OF_A_PERSON if f"`{name}" not in text] == []
    assert [field for field in NAMED if f"`{field}`" not in text] == []
