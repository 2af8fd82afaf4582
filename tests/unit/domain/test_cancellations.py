"""When a refund may end a policy, and when a person must decide."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.cancellations import (
    RULES,
    Approval,
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
from saleor_xcover_plugin.domain.refund_attribution import RefundScope

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
    seen = Approval(shown.refund, is_refunded_by_xcover=shown.is_refunded_by_xcover)

    assert judge_preview(shown, PREMIUM, NOW, approved=seen).verdict == Verdict.CONFIRM
    cent_more = replace(seen, refund=Money(shown.refund.amount + Decimal("0.01"), "USD"))
    assert judge_preview(shown, PREMIUM, NOW, approved=cent_more).verdict == Verdict.REVIEW
    late = preview(**changes, confirm_before=NOW)
    assert judge_preview(late, PREMIUM, NOW, approved=seen).verdict == Verdict.REVIEW


@pytest.mark.parametrize(
    ("approved_as", "is_now", "verdict"),
    [
        (False, False, Verdict.CONFIRM),
        (False, True, Verdict.REVIEW),
        (True, False, Verdict.REVIEW),
        (True, True, Verdict.CONFIRM),
        # Approved by a version that did not write down who pays.
        (None, False, Verdict.CONFIRM),
        (None, True, Verdict.REVIEW),
    ],
)
def test_an_approval_holds_only_while_the_same_one_pays_the_buyer(approved_as, is_now, verdict):
    approval = Approval(PREMIUM, is_refunded_by_xcover=approved_as)

    judgement = judge_preview(
        preview(is_refunded_by_xcover=is_now), PREMIUM, NOW, approved=approval
    )

    assert judgement.verdict == verdict


def test_the_sentence_says_that_xcover_pays_and_the_store_does_not():
    judgement = judge_preview(preview(is_refunded_by_xcover=True), PREMIUM, NOW)

    assert judgement.sentence == (
        "XCover says it refunds 6.66 USD to the buyer itself: the store owes nothing for the "
        "protection. Confirm the cancellation or keep the policy; where the store has refunded "
        "the protection already, settle that with Cover Genius first."
    )


def test_a_policy_without_a_refund_is_refunded_by_nobody():
    nothing = preview(is_refunded_by_xcover=True, refund=Money(Decimal(0), "USD"))

    assert "without any refund" in judge_preview(nothing, PREMIUM, NOW).sentence


def sentence(**changes):
    return judge_preview(preview(**changes), PREMIUM, NOW).sentence


def test_staff_read_why_a_cancellation_waits_for_them():
    nothing, cent = Money(Decimal(0), "USD"), Money(Decimal("0.01"), "USD")

    assert "without any refund" in sentence(refund=nothing)
    assert sentence(refund=cent) == (
        "XCover would refund 0.01 USD, but the buyer paid a premium of 6.66 USD. Decide by hand."
    )
    assert "refunds 6.66 USD to the buyer itself" in sentence(is_refunded_by_xcover=True)
    assert "did not name it" in sentence(cooling_off_until=None)
    assert sentence(confirm_before=NOW) == (
        "The preview has lapsed before it could be confirmed. Ask again."
    )


def test_staff_read_what_was_confirmed_without_them():
    assert sentence() == (
        "XCover refunds the whole premium of 6.66 USD to the store, inside the cooling-off period."
    )


def test_the_last_moment_of_cooling_off_is_inside_it():
    last = judge_preview(preview(cooling_off_until=NOW), PREMIUM, NOW)

    assert last.verdict == Verdict.CONFIRM


def test_what_a_person_approved_is_said_with_both_sums():
    seen = Approval(PREMIUM, is_refunded_by_xcover=False)
    other = replace(seen, refund=Money(Decimal("5.00"), "USD"))

    agreed = judge_preview(preview(), PREMIUM, NOW, approved=seen)
    changed = judge_preview(preview(), PREMIUM, NOW, approved=other)

    assert agreed.sentence == "Staff approved a refund of 6.66 USD."
    assert changed.sentence == (
        "XCover would now refund 6.66 USD, not the approved 5.00 USD. Decide again."
    )


def test_staff_read_that_another_would_pay_than_was_approved():
    by_store = Approval(PREMIUM, is_refunded_by_xcover=False)
    by_xcover = Approval(PREMIUM, is_refunded_by_xcover=True)

    now_by_xcover = judge_preview(
        preview(is_refunded_by_xcover=True), PREMIUM, NOW, approved=by_store
    )
    now_by_store = judge_preview(preview(), PREMIUM, NOW, approved=by_xcover)

    assert now_by_xcover.sentence.startswith(
        "XCover says it refunds 6.66 USD to the buyer itself: the store owes nothing"
    )
    assert now_by_store.sentence == (
        "XCover would no longer refund 6.66 USD to the buyer itself: the store would owe it. "
        "Decide again."
    )


def test_a_hole_in_the_table_would_name_its_situation(monkeypatch):
    monkeypatch.setattr("saleor_xcover_plugin.domain.cancellations.RULES", ())

    with pytest.raises(LookupError, match=r"no rule for Situation\(scope="):
        rule_for(EVERY_SITUATION[0])
