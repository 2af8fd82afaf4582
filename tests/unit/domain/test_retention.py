"""What may be removed when, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from saleor_xcover_plugin.domain.cancellations import ClaimState
from saleor_xcover_plugin.domain.reasons import NOTHING_BOUGHT, ReasonCode
from saleor_xcover_plugin.domain.retention import (
    EVENT_LASTS,
    FINAL,
    FINAL_REASONS,
    OPTIONS,
    PERIODS,
    SENTENCES,
    Case,
    Kind,
    Obstacle,
    days_of,
    read_periods,
)
from saleor_xcover_plugin.domain.states import LIVE_OFFER_STATUSES, CoverStatus, OfferStatus

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
ENDED = Case(frozenset({OfferStatus.EXPIRED}), touched_at=NOW)
SOLD = replace(
    ENDED,
    offers=frozenset({OfferStatus.CONFIRMED}),
    is_shown=True,
    is_answered=True,
    became_order=True,
    order_is_there=True,
    has_cover_line=True,
    cover=CoverStatus.CONFIRMED,
)


def kind_of(*, shown, answered, order, cover):
    if cover:
        return Kind.COVERED
    if order:
        return Kind.UNCOVERED
    if answered:
        return Kind.ANSWERED
    return Kind.UNANSWERED if shown else Kind.UNSEEN


@pytest.mark.parametrize(
    ("shown", "answered", "order", "cover"), list(product((False, True), repeat=4))
)
def test_the_most_that_became_of_a_checkout_decides(shown, answered, order, cover):
    case = replace(
        ENDED,
        is_shown=shown,
        is_answered=answered,
        became_order=order,
        cover=CoverStatus.VOID if cover else None,
    )

    assert case.kind == kind_of(shown=shown, answered=answered, order=order, cover=cover)


def test_every_kind_has_a_period_and_every_obstacle_a_sentence():
    assert set(PERIODS) == set(Kind)
    assert set(SENTENCES) == set(Obstacle)
    assert all(period.least <= period.days for period in PERIODS.values())


def test_what_was_not_chosen_is_as_usual():
    assert days_of({}) == {kind: period.days for kind, period in PERIODS.items()}
    chosen = days_of({"evidence": 4_000, "unseen": None})
    assert {kind for kind, days in chosen.items() if days == 4_000} == {
        Kind.ANSWERED,
        Kind.UNCOVERED,
        Kind.COVERED,
    }
    assert list(OPTIONS) == ["unseen", "unanswered", "evidence", "hashes", "webhooks"]


def test_periods_are_read_from_a_line():
    assert read_periods("") == days_of({})
    assert read_periods("evidence=4018, hashes=60") == days_of({"evidence": 4018, "hashes": 60})
    assert read_periods(" OFF ") is None
    # the least and the most there may be
    assert read_periods("evidence=365 hashes=36525") == days_of({"evidence": 365, "hashes": 36_525})


@pytest.mark.parametrize(
    "line",
    [
        "evidence",
        "evidence=",
        "evidence=4O18",
        "evidence=²",
        "evidence=-1",
        "evidence=364",
        "evidence=36526",
        "covers=4018",
        "hashes=30 hashes=60",
        "off evidence=4018",
        "no",
    ],
)
def test_a_line_nobody_can_read_is_no_period(line):
    with pytest.raises(ValueError, match=r"\w+: "):
        read_periods(line)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("evidence=364", "evidence: 365 to 36525 days"),
        ("hashes=soon", "hashes: 7 to 36525 days"),
        (
            "covers=4018",
            "covers: give each once, of unseen, unanswered, evidence, hashes, webhooks",
        ),
        (
            "hashes=30 hashes=60",
            "hashes: give each once, of unseen, unanswered, evidence, hashes, webhooks",
        ),
        # Of what may be anything the beginning is enough.
        (
            "x" * 21,
            "x" * 20 + ": give each once, of unseen, unanswered, evidence, hashes, webhooks",
        ),
    ],
)
def test_staff_read_which_word_of_a_line_is_wrong_and_what_it_may_be(line, sentence):
    with pytest.raises(ValueError, match=r"\w+: ") as refused:
        read_periods(line)

    assert str(refused.value) == sentence


@pytest.mark.parametrize("status", list(OfferStatus))
def test_a_live_offer_stays(status):
    case = replace(ENDED, offers=frozenset({status, OfferStatus.SUPERSEDED}))

    is_live = status in LIVE_OFFER_STATUSES
    assert case.obstacle == (Obstacle.LIVE_OFFER if is_live else None)


@pytest.mark.parametrize("status", list(CoverStatus))
def test_only_what_is_final_goes(status):
    expected = None if status in FINAL else Obstacle.COVER
    assert replace(SOLD, cover=status).obstacle == expected


def test_final_is_what_nothing_is_under_way_for():
    assert {"confirmed", "cancelled", "void"} == FINAL


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        ({"has_pending_message": True}, Obstacle.MESSAGE),
        ({"has_parked_message": True}, Obstacle.MESSAGE),
        ({"has_parked_change": True}, Obstacle.DECISION),
        ({"is_due_back": True}, Obstacle.DUE_BACK),
        ({"has_open_decision": True}, Obstacle.DECISION),
        ({"claim": ClaimState.OPEN}, Obstacle.CLAIM),
        ({"claim": ClaimState.PAID}, None),
        ({"claim": ClaimState.NONE}, None),
        ({"cover": None}, Obstacle.NO_COVER),
        ({}, None),
    ],
)
def test_what_is_open_stays_however_old(facts, obstacle):
    assert replace(SOLD, **facts).obstacle == obstacle


UNKNOWN = ["", "refused", "unclear", "gave_up", "other_booking", "booking_differs", "unexpected"]


@pytest.mark.parametrize("reason", [*sorted(FINAL_REASONS), *UNKNOWN])
def test_a_cover_put_aside_is_final_when_nobody_can_do_more(reason):
    parked = replace(SOLD, cover=CoverStatus.PARKED, parked_for=reason)

    assert parked.obstacle == (None if reason in FINAL_REASONS else Obstacle.COVER)
    due = Obstacle.DUE_BACK if reason in FINAL_REASONS else Obstacle.COVER
    assert replace(parked, is_due_back=True).obstacle == due


def test_what_is_final_though_put_aside():
    assert NOTHING_BOUGHT | {ReasonCode.EVENT_OVER} == FINAL_REASONS


@pytest.mark.parametrize("status", list(CoverStatus))
def test_without_its_order_only_what_is_under_way_stays(status):
    gone = replace(SOLD, order_is_there=False, has_cover_line=False, cover=status, is_due_back=True)

    is_under_way = status in (CoverStatus.CONFIRMING, CoverStatus.CANCELLING)
    assert gone.obstacle == (Obstacle.COVER if is_under_way else None)
    assert replace(gone, has_pending_message=True).obstacle == Obstacle.MESSAGE
    assert replace(gone, has_parked_message=True).obstacle == Obstacle.MESSAGE


@pytest.mark.parametrize("status", list(CoverStatus))
@pytest.mark.parametrize("is_gone", [False, True])
def test_hashes_are_needed_while_something_is_under_way(status, is_gone):
    case = replace(SOLD, cover=status, order_is_there=not is_gone, has_cover_line=not is_gone)
    under_way = {CoverStatus.CONFIRMING, CoverStatus.CANCELLING}
    under_way |= set() if is_gone else {CoverStatus.PLACED}

    assert case.hashes_obstacle == (Obstacle.COVER if status in under_way else None)


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        ({"has_pending_message": True}, Obstacle.MESSAGE),
        ({"has_parked_message": True}, Obstacle.MESSAGE),
        ({"has_parked_message": True, "has_parked_change": True}, None),
        ({"has_parked_message": True, "cover": CoverStatus.PARKED}, None),
        ({"has_parked_message": True, "cover": CoverStatus.VOID}, None),
        ({"has_parked_change": True}, None),
        ({"has_open_decision": True}, Obstacle.DECISION),
        ({"claim": ClaimState.OPEN}, Obstacle.CLAIM),
        ({"is_due_back": True}, None),
    ],
)
def test_what_was_put_aside_ends_with_the_hashes(facts, obstacle):
    assert replace(SOLD, **facts).hashes_obstacle == obstacle


def test_a_line_without_cover_is_told_before_its_live_offer():
    case = replace(SOLD, cover=None, offers=frozenset({OfferStatus.SELECTED}))
    assert case.obstacle == Obstacle.NO_COVER


def test_a_checkout_that_is_there_may_still_become_an_order():
    assert replace(ENDED, has_checkout=True).obstacle == Obstacle.CHECKOUT
    assert replace(ENDED, has_checkout=True, became_order=True).obstacle is None


@pytest.mark.parametrize(
    ("there", "line", "cover", "may_vanish"),
    [
        (True, True, CoverStatus.CONFIRMED, False),
        (True, False, CoverStatus.VOID, False),
        (True, True, None, False),
        (True, False, None, True),
        (False, False, CoverStatus.CONFIRMED, True),
        (False, False, None, True),
    ],
)
def test_a_cover_stays_while_saleor_has_its_order(there, line, cover, may_vanish):
    case = replace(SOLD, order_is_there=there, has_cover_line=line, cover=cover)
    assert case.may_vanish is may_vanish


@pytest.mark.parametrize(
    ("cover", "starts_in", "ended"),
    [
        (CoverStatus.CONFIRMED, 60, NOW + timedelta(days=60) + EVENT_LASTS),
        (CoverStatus.CONFIRMED, -60, NOW),
        (CoverStatus.CONFIRMED, None, NOW),
        (CoverStatus.PARKED, 60, NOW + timedelta(days=60) + EVENT_LASTS),
        (CoverStatus.PARKED, None, NOW),
        (CoverStatus.CANCELLED, 60, NOW),
        (CoverStatus.VOID, 60, NOW),
        (None, 60, NOW),
    ],
)
def test_a_policy_ends_with_its_event(cover, starts_in, ended):
    start = None if starts_in is None else NOW + timedelta(days=starts_in)
    case = replace(SOLD, cover=cover, last_end=start)

    assert case.ended_at == ended
    assert not case.is_past(10, ended + timedelta(days=10) - timedelta(seconds=1))
    assert case.is_past(10, ended + timedelta(days=10))


def test_what_ends_by_itself_needs_no_person():
    by_itself = {obstacle for obstacle in Obstacle if not obstacle.needs_person}

    assert by_itself == {Obstacle.LIVE_OFFER, Obstacle.CHECKOUT}


def test_an_order_was_deleted_only_if_there_was_one():
    assert replace(SOLD, order_is_there=False).is_order_gone
    assert not SOLD.is_order_gone
    assert not ENDED.is_order_gone
    assert replace(ENDED, became_order=True).is_order_gone


def test_what_nobody_said_of_a_case_is_against_it_in_no_way():
    assert (ENDED.is_shown, ENDED.is_answered, ENDED.has_cover_line) == (False, False, False)
    assert (ENDED.obstacle, ENDED.hashes_obstacle, ENDED.kind) == (None, None, Kind.UNSEEN)
    assert (ENDED.parked_for, ENDED.last_end, ENDED.claim) == ("", None, ClaimState.UNKNOWN)
    assert ENDED.may_vanish
