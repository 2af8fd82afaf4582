"""What must happen before a buyer's details may be removed, enumerated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.domain.cancellations import ClaimState
from saleor_xcover_plugin.domain.erasure import (
    SENTENCES,
    EraseCode,
    Situation,
    is_over,
    refusal,
)
from saleor_xcover_plugin.domain.reasons import NOTHING_BOUGHT
from saleor_xcover_plugin.domain.retention import EVENT_LASTS
from saleor_xcover_plugin.domain.states import CoverStatus

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
TO_COME, PAST = NOW + timedelta(days=60), NOW - EVENT_LASTS


def test_every_code_says_what_to_do():
    assert set(SENTENCES) == set(EraseCode)


@pytest.mark.parametrize(
    ("cover", "before_the_end", "after_the_end"),
    [
        (None, None, None),
        (CoverStatus.PLACED, EraseCode.COVER_OPEN, EraseCode.COVER_OPEN),
        (CoverStatus.CONFIRMING, EraseCode.PUT_ASIDE, EraseCode.PUT_ASIDE),
        (CoverStatus.CONFIRMED, EraseCode.POLICY_ACTIVE, None),
        (CoverStatus.CANCELLING, EraseCode.UNDER_WAY, EraseCode.UNDER_WAY),
        (CoverStatus.CANCELLED, None, None),
        (CoverStatus.PARKED, EraseCode.OUTCOME_UNKNOWN, None),
        (CoverStatus.VOID, None, None),
    ],
)
def test_every_state_of_a_cover(cover, before_the_end, after_the_end):
    assert refusal(Situation(cover, TO_COME), NOW) == before_the_end
    assert refusal(Situation(cover, PAST), NOW) == after_the_end


@pytest.mark.parametrize("reason", sorted(NOTHING_BOUGHT))
def test_a_parked_cover_without_policy_stands_against_nothing(reason):
    assert refusal(Situation(CoverStatus.PARKED, TO_COME, parked_for=reason), NOW) is None


@pytest.mark.parametrize(
    "reason",
    [
        "refused",
        "unclear",
        "gave_up",
        "other_booking",
        "booking_differs",
        "seal_broken",
        "poison",
        "unexpected",
    ],
)
def test_while_nobody_knows_whether_there_is_a_policy(reason):
    situation = Situation(CoverStatus.PARKED, TO_COME, parked_for=reason)
    assert refusal(situation, NOW) == EraseCode.OUTCOME_UNKNOWN


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"has_pending_message": True}, EraseCode.MESSAGE_UNSENT),
        ({"is_line_unseen": True}, EraseCode.MESSAGE_UNSENT),
        ({"is_under_way": True}, EraseCode.UNDER_WAY),
        ({"claim": ClaimState.OPEN}, EraseCode.CLAIM_OPEN),
        ({"claim": ClaimState.PAID}, None),
    ],
)
def test_open_work_comes_first_also_after_the_event(facts, code):
    assert refusal(replace(Situation(CoverStatus.CONFIRMED, PAST), **facts), NOW) == code


@pytest.mark.parametrize("status", list(CoverStatus))
def test_a_call_that_waits_for_a_person_keeps_all_until_the_event_is_over(status):
    situation = Situation(
        status, TO_COME, parked_for="policyholder_incomplete", has_parked_confirm=True
    )
    expected = {
        CoverStatus.PLACED: EraseCode.COVER_OPEN,
        CoverStatus.CANCELLING: EraseCode.UNDER_WAY,
        CoverStatus.CONFIRMED: EraseCode.POLICY_ACTIVE,
        CoverStatus.VOID: None,
    }
    assert refusal(situation, NOW) == expected.get(status, EraseCode.PUT_ASIDE)
    assert refusal(replace(situation, cover=CoverStatus.PARKED, last_end=PAST), NOW) is None


def test_nobody_is_sent_to_an_order_saleor_no_longer_has():
    gone = Situation(CoverStatus.PLACED, TO_COME, order_is_there=False)
    assert refusal(gone, NOW) is None


def test_before_a_cover_was_placed_its_line_is_seen():
    assert refusal(Situation(None, None, is_line_unseen=True), NOW) == EraseCode.MESSAGE_UNSENT


def test_an_event_is_over_a_week_after_its_last_start():
    assert not is_over(PAST + timedelta(seconds=1), NOW)
    assert is_over(PAST, NOW)
    assert is_over(None, NOW)


def test_what_nobody_said_of_an_order_stands_against_nothing():
    bare = Situation(None, None)

    assert (bare.parked_for, bare.claim) == ("", ClaimState.UNKNOWN)
    assert bare.order_is_there
    assert refusal(bare, NOW) is None
