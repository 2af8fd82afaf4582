"""What must happen before a buyer's details may be removed, enumerated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.domain.cancellations import ClaimState
from saleor_xcover_plugin.domain.erasure import (
    NO_POLICY_REASONS,
    SENTENCES,
    EraseCode,
    Situation,
    is_over,
    refusal,
)
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
        (CoverStatus.CONFIRMING, EraseCode.COVER_OPEN, EraseCode.COVER_OPEN),
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


@pytest.mark.parametrize("reason", sorted(NO_POLICY_REASONS))
def test_a_parked_cover_without_policy_stands_against_nothing(reason):
    assert refusal(Situation(CoverStatus.PARKED, TO_COME, parked_for=reason), NOW) is None


@pytest.mark.parametrize(
    "reason", ["gave_up", "other_booking", "booking_differs", "seal_broken", "deadly", "unexpected"]
)
def test_while_nobody_knows_whether_there_is_a_policy(reason):
    situation = Situation(CoverStatus.PARKED, TO_COME, parked_for=reason)
    assert refusal(situation, NOW) == EraseCode.OUTCOME_UNKNOWN


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"has_pending_message": True}, EraseCode.MESSAGE_UNSENT),
        ({"is_under_way": True}, EraseCode.UNDER_WAY),
        ({"claim": ClaimState.OPEN}, EraseCode.CLAIM_OPEN),
        ({"claim": ClaimState.PAID}, None),
    ],
)
def test_open_work_comes_first_also_after_the_event(facts, code):
    assert refusal(replace(Situation(CoverStatus.CONFIRMED, PAST), **facts), NOW) == code


def test_an_event_is_over_a_week_after_its_last_start():
    assert not is_over(PAST + timedelta(seconds=1), NOW)
    assert is_over(PAST, NOW)
    assert is_over(None, NOW)
