"""When a refund may end a policy, and when a person must decide."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.cancellations import (
    RULES,
    Cancelled,
    ClaimState,
    CoolingOff,
    Preview,
    Situation,
    Verdict,
    cooling_off_at,
    judge_preview,
    rule_for,
)
from saleor_xcover_plugin.domain.money import Money
from saleor_xcover_plugin.domain.refunds import RefundScope

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


EVERY_SITUATION = [
    Situation(*values)
    for values in itertools.product(RefundScope, (True, False), CoolingOff, Cancelled, ClaimState)
]


def test_every_situation_is_decided_and_every_row_decides_one():
    deciding = Counter(rule_for(situation).name for situation in EVERY_SITUATION)

    assert len(EVERY_SITUATION) == 8 * 2 * 3 * 3 * 4
    assert set(deciding) == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_row_has_a_sentence_for_staff_and_a_name_that_fits(rule):
    assert rule.sentence.endswith(".")
    assert rule.verdict != Verdict.CONFIRM
    assert len(rule.name) <= 32
    if rule.verdict in (Verdict.REVIEW, Verdict.KEEP):
        assert "stays in force" in rule.sentence


def decided(**known):
    """Return the verdicts of every situation that looks like this."""
    return {
        rule_for(situation).verdict
        for situation in EVERY_SITUATION
        if all(getattr(situation, name) == value for name, value in known.items())
    }


def test_nothing_is_asked_of_xcover_while_a_claim_is_open_or_paid():
    assert decided(claim=ClaimState.OPEN) == {Verdict.REVIEW}
    assert decided(claim=ClaimState.PAID) == {Verdict.REVIEW}


def test_nothing_is_asked_after_an_event_that_took_place():
    after = decided(is_before_event=False, cancelled=Cancelled.NONE)

    assert after == {Verdict.REVIEW, Verdict.KEEP}


@pytest.mark.parametrize("scope", RefundScope)
def test_a_policy_ends_without_a_person_only_if_the_buyer_got_its_premium_back(scope):
    is_possible = Verdict.REQUEST in decided(scope=scope)

    assert is_possible == (scope in (RefundScope.EVERYTHING, RefundScope.COVER))


def test_a_refund_after_cooling_off_is_never_requested_without_a_person():
    assert Verdict.REQUEST not in decided(cooling_off=CoolingOff.OVER, cancelled=Cancelled.NONE)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, CoolingOff.UNKNOWN),
        (NOW, CoolingOff.INSIDE),
        (NOW - timedelta(microseconds=1), CoolingOff.OVER),
    ],
)
def test_cooling_off_ends_when_xcover_says(until, expected):
    assert cooling_off_at(NOW, until) == expected


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


def test_where_the_table_wants_a_person_the_whole_premium_still_waits():
    judgement = judge_preview(preview(), PREMIUM, NOW, needs_person=True)

    assert judgement.verdict == Verdict.REVIEW
    assert "6.66" in judgement.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"refund": Money(Decimal(0), "USD")},
        {"cooling_off_until": None},
        {"is_refunded_by_xcover": True},
    ],
)
def test_a_person_may_approve_exactly_what_was_previewed(changes):
    shown = preview(**changes)

    assert judge_preview(shown, PREMIUM, NOW, approved=shown.refund).verdict == Verdict.CONFIRM
    cent_more = Money(shown.refund.amount + Decimal("0.01"), "USD")
    assert judge_preview(shown, PREMIUM, NOW, approved=cent_more).verdict == Verdict.REVIEW
    late = preview(**changes, confirm_before=NOW)
    assert judge_preview(late, PREMIUM, NOW, approved=late.refund).verdict == Verdict.REVIEW
