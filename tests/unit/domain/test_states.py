"""Every change of state is in one closed table."""

import itertools

import pytest

from saleor_xcover_plugin.domain.states import (
    LIVE_OFFER_STATUSES,
    OPEN_MODIFICATION_STATUSES,
    TRANSITIONS,
    CancellationStatus,
    CoverStatus,
    MessageState,
    ModificationStatus,
    OfferStatus,
    TransitionRefused,
    check_transition,
    may_become,
)

TABLES = (OfferStatus, CoverStatus, CancellationStatus, ModificationStatus, MessageState)
ALL_STATES = [state for table in TABLES for state in table]


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(TABLES)
    for table in TABLES:
        assert set(TRANSITIONS[table]) == set(table)


def test_equal_words_of_two_tables_do_not_mix():
    # "requested" is a state of an offer and of a cancellation.
    assert may_become(OfferStatus.REQUESTED, OfferStatus.AVAILABLE)
    assert may_become(CancellationStatus.REQUESTED, CancellationStatus.CONFIRMING)


def test_states_never_cross_into_another_table():
    for current, wanted in itertools.product(ALL_STATES, ALL_STATES):
        if type(current) is not type(wanted):
            assert not may_become(current, wanted)


@pytest.mark.parametrize("status", LIVE_OFFER_STATUSES)
def test_every_live_offer_has_an_end(status):
    ends = {OfferStatus.CONFIRMED, OfferStatus.OPTED_OUT, OfferStatus.ABANDONED}
    assert TRANSITIONS[OfferStatus][status] & (ends | {OfferStatus.SUPERSEDED, OfferStatus.EXPIRED})


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (OfferStatus.CONFIRMED, OfferStatus.OPTED_OUT),
        (OfferStatus.OPTED_OUT, OfferStatus.SELECTED),
        (CoverStatus.CANCELLED, CoverStatus.CONFIRMED),
        (CoverStatus.VOID, CoverStatus.CONFIRMING),
        (OfferStatus.ABANDONED, OfferStatus.SELECTED),
        (CoverStatus.CONFIRMED, CoverStatus.CONFIRMING),
        (MessageState.SETTLED, MessageState.PENDING),
        (CancellationStatus.CANCELLED, CancellationStatus.REQUESTED),
        (ModificationStatus.APPLIED, ModificationStatus.REQUESTED),
        (ModificationStatus.APPLIED, ModificationStatus.PARKED),
        (ModificationStatus.DROPPED, ModificationStatus.REQUESTED),
    ],
)
def test_what_is_done_stays_done(current, wanted):
    with pytest.raises(TransitionRefused, match="may not become"):
        check_transition(current, wanted)


def test_a_change_is_never_applied_without_a_preview():
    assert not may_become(ModificationStatus.REQUESTED, ModificationStatus.APPLIED)


@pytest.mark.parametrize("status", OPEN_MODIFICATION_STATUSES)
def test_an_open_change_can_be_dropped_and_put_before_a_person(status):
    assert may_become(status, ModificationStatus.DROPPED)
    assert may_become(status, ModificationStatus.PARKED)
