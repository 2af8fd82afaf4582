"""When a refund may end a policy, and when a person must decide."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.cancellations import (
    Preview,
    RefundScope,
    Verdict,
    judge_preview,
    judge_refund,
)
from saleor_xcover_plugin.domain.money import Money

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
PREMIUM = Money(Decimal("6.66"), "USD")


def preview(**changes):
    values = {
        "refund": PREMIUM,
        "refund_amounts_agree": True,
        "cooling_off_until": NOW + timedelta(days=14),
        "confirm_before": NOW + timedelta(hours=24),
        "is_refunded_by_xcover": False,
    }
    return Preview(**(values | changes))


@pytest.mark.parametrize("scope", RefundScope)
@pytest.mark.parametrize("is_before_event", [True, False])
def test_only_a_whole_refund_before_the_event_asks_xcover(scope, is_before_event):
    judgement = judge_refund(scope, is_before_event=is_before_event)

    is_request = scope == RefundScope.EVERYTHING and is_before_event
    assert judgement.verdict == (Verdict.REQUEST if is_request else Verdict.REVIEW)
    assert judgement.sentence.endswith(".")


def test_the_whole_premium_inside_cooling_off_is_confirmed():
    assert judge_preview(preview(), PREMIUM, NOW).verdict == Verdict.CONFIRM


@pytest.mark.parametrize(
    ("_case", "changes"),
    [
        ("no refund", {"refund": Money(Decimal(0), "USD")}),
        ("a cent less", {"refund": Money(Decimal("6.65"), "USD")}),
        ("a cent more", {"refund": Money(Decimal("6.67"), "USD")}),
        ("another currency", {"refund": Money(Decimal("6.66"), "EUR")}),
        ("amounts contradict", {"refund_amounts_agree": False}),
        ("cooling-off over", {"cooling_off_until": NOW - timedelta(seconds=1)}),
        ("cooling-off unknown", {"cooling_off_until": None}),
        ("XCover refunds itself", {"is_refunded_by_xcover": True}),
        ("preview lapsed", {"confirm_before": NOW}),
    ],
)
def test_anything_else_asks_a_person(_case, changes):
    assert judge_preview(preview(**changes), PREMIUM, NOW).verdict == Verdict.REVIEW
