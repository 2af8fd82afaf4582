"""Every change of state is in one closed table."""

import itertools

import pytest

from saleor_xcover_plugin.domain.reasons import (
    NEVER_BOUGHT,
    NOT_MADE_HERE,
    NOTHING_BOUGHT,
    ReasonCode,
)
from saleor_xcover_plugin.domain.states import (
    LIVE_OFFER_STATUSES,
    OPEN_MODIFICATION_STATUSES,
    TRANSITIONS,
    CancellationStatus,
    CoverStatus,
    EventRunStatus,
    MessageState,
    ModificationStatus,
    OfferStatus,
    TransitionRefused,
    check_transition,
    may_transition,
)

TABLES = (
    OfferStatus,
    CoverStatus,
    CancellationStatus,
    ModificationStatus,
    EventRunStatus,
    MessageState,
)
ALL_STATES = [state for table in TABLES for state in table]


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(TABLES)
    for table in TABLES:
        assert set(TRANSITIONS[table]) == set(table)


def test_equal_words_of_two_tables_do_not_mix():
    # "requested" is a state of an offer and of a cancellation.
    assert may_transition(OfferStatus.REQUESTED, OfferStatus.AVAILABLE)
    assert may_transition(CancellationStatus.REQUESTED, CancellationStatus.CONFIRMING)


def test_states_never_cross_into_another_table():
    for current, wanted in itertools.product(ALL_STATES, ALL_STATES):
        if type(current) is not type(wanted):
            assert not may_transition(current, wanted)


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
        (EventRunStatus.CANCELLING, EventRunStatus.WITHDRAWING),
        (EventRunStatus.WITHDRAWN, EventRunStatus.ASKED),
        (EventRunStatus.DONE, EventRunStatus.ASKING),
    ],
)
def test_what_is_done_stays_done(current, wanted):
    with pytest.raises(TransitionRefused, match="may not become"):
        check_transition(current, wanted)


def test_a_change_is_never_applied_without_a_preview():
    assert not may_transition(ModificationStatus.REQUESTED, ModificationStatus.APPLIED)


@pytest.mark.parametrize("status", OPEN_MODIFICATION_STATUSES)
def test_an_open_change_can_be_dropped_and_put_before_a_person(status):
    assert may_transition(status, ModificationStatus.DROPPED)
    assert may_transition(status, ModificationStatus.PARKED)


STORIES = {
    "an offer is asked for, shown, taken and bought": (
        OfferStatus.REQUESTED,
        OfferStatus.AVAILABLE,
        OfferStatus.SELECTED,
        OfferStatus.CONFIRMED,
    ),
    "a shopper says yes, then no, then yes, then takes the answer back": (
        OfferStatus.AVAILABLE,
        OfferStatus.SELECTED,
        OfferStatus.DECLINED,
        OfferStatus.SELECTED,
        OfferStatus.AVAILABLE,
        OfferStatus.DECLINED,
        OfferStatus.OPTED_OUT,
    ),
    "there is no offer, tickets change, there is one, a voucher stands against it": (
        OfferStatus.REQUESTED,
        OfferStatus.UNAVAILABLE,
        OfferStatus.REQUESTED,
        OfferStatus.AVAILABLE,
        OfferStatus.UNAVAILABLE,
        OfferStatus.AVAILABLE,
        OfferStatus.OPTED_OUT,
    ),
    "a newer offer comes before the answer": (OfferStatus.REQUESTED, OfferStatus.SUPERSEDED),
    "tickets change after the offer was shown": (
        OfferStatus.AVAILABLE,
        OfferStatus.SUPERSEDED,
        OfferStatus.OPTED_OUT,
    ),
    "tickets change where no offer was": (OfferStatus.UNAVAILABLE, OfferStatus.SUPERSEDED),
    "tickets change after a yes, and the order had begun with the old offer": (
        OfferStatus.SELECTED,
        OfferStatus.SUPERSEDED,
        OfferStatus.CONFIRMED,
    ),
    "tickets change after a no, and the checkout is left": (
        OfferStatus.DECLINED,
        OfferStatus.SUPERSEDED,
        OfferStatus.ABANDONED,
    ),
    "time runs out before the answer": (OfferStatus.REQUESTED, OfferStatus.EXPIRED),
    "time runs out after it was shown": (
        OfferStatus.AVAILABLE,
        OfferStatus.EXPIRED,
        OfferStatus.OPTED_OUT,
    ),
    "time runs out where no offer was": (OfferStatus.UNAVAILABLE, OfferStatus.EXPIRED),
    "time runs out after a yes, and the payment was under way": (
        OfferStatus.SELECTED,
        OfferStatus.EXPIRED,
        OfferStatus.CONFIRMED,
    ),
    "time runs out after a no, and the checkout is left": (
        OfferStatus.DECLINED,
        OfferStatus.EXPIRED,
        OfferStatus.ABANDONED,
    ),
    "the checkout is left before the answer": (OfferStatus.REQUESTED, OfferStatus.ABANDONED),
    "the checkout is left with an offer": (OfferStatus.AVAILABLE, OfferStatus.ABANDONED),
    "the checkout is left without one": (OfferStatus.UNAVAILABLE, OfferStatus.ABANDONED),
    "the checkout is left after a no": (OfferStatus.DECLINED, OfferStatus.ABANDONED),
    "an order is refunded before its policy is made, and the refund is taken back": (
        OfferStatus.SELECTED,
        OfferStatus.ABANDONED,
        OfferStatus.CONFIRMED,
    ),
    "a yes ends as an opt-out: the order was bought without the line": (
        OfferStatus.SELECTED,
        OfferStatus.OPTED_OUT,
    ),
    "a cover is bought, then cancelled": (
        CoverStatus.PLACED,
        CoverStatus.CONFIRMING,
        CoverStatus.CONFIRMED,
        CoverStatus.CANCELLING,
        CoverStatus.CANCELLED,
    ),
    "a cancellation comes to nothing, and XCover cancels it by hand": (
        CoverStatus.CONFIRMED,
        CoverStatus.CANCELLING,
        CoverStatus.CONFIRMED,
        CoverStatus.CANCELLED,
    ),
    "a refund comes before anything is sent, and is taken back": (
        CoverStatus.PLACED,
        CoverStatus.VOID,
        CoverStatus.PLACED,
    ),
    "a refund comes while XCover is asked": (CoverStatus.CONFIRMING, CoverStatus.VOID),
    "a payment is taken back while XCover is asked": (CoverStatus.CONFIRMING, CoverStatus.PLACED),
    "XCover refuses, a person tries again": (
        CoverStatus.PLACED,
        CoverStatus.CONFIRMING,
        CoverStatus.PARKED,
        CoverStatus.CONFIRMING,
    ),
    "it is put aside at once, and was bought after all": (
        CoverStatus.PLACED,
        CoverStatus.PARKED,
        CoverStatus.CONFIRMED,
    ),
    "it is put aside for another order, which was not paid": (
        CoverStatus.PARKED,
        CoverStatus.PLACED,
    ),
    "it is put aside and refunded": (CoverStatus.PARKED, CoverStatus.VOID),
    "a cancellation is asked for and done": (
        CancellationStatus.REQUESTED,
        CancellationStatus.CONFIRMING,
        CancellationStatus.CANCELLED,
    ),
    "XCover had cancelled it before": (CancellationStatus.REQUESTED, CancellationStatus.CANCELLED),
    "a preview lapses, the next waits for a person, who asks again": (
        CancellationStatus.CONFIRMING,
        CancellationStatus.REQUESTED,
        CancellationStatus.PARKED,
        CancellationStatus.REQUESTED,
    ),
    "a person keeps the policy and thinks again": (
        CancellationStatus.CONFIRMING,
        CancellationStatus.PARKED,
        CancellationStatus.KEPT,
        CancellationStatus.REQUESTED,
    ),
    "a person says yes to what a preview told": (
        CancellationStatus.PARKED,
        CancellationStatus.CONFIRMING,
    ),
    "XCover cancels by hand what waited": (
        CancellationStatus.PARKED,
        CancellationStatus.CANCELLED,
    ),
    "a change is previewed and applied": (
        ModificationStatus.REQUESTED,
        ModificationStatus.CONFIRMING,
        ModificationStatus.APPLIED,
    ),
    "a change would cost, a person asks again": (
        ModificationStatus.REQUESTED,
        ModificationStatus.PARKED,
        ModificationStatus.REQUESTED,
    ),
    "a change is refused at the end, a person lets it go on": (
        ModificationStatus.CONFIRMING,
        ModificationStatus.PARKED,
        ModificationStatus.CONFIRMING,
    ),
    "Cover Genius applies by hand what waited": (
        ModificationStatus.PARKED,
        ModificationStatus.APPLIED,
    ),
    "a newer change makes this one void before it is sent": (
        ModificationStatus.REQUESTED,
        ModificationStatus.DROPPED,
    ),
    "a newer change makes this one void after its preview": (
        ModificationStatus.CONFIRMING,
        ModificationStatus.DROPPED,
    ),
    "an event is cancelled, a person approves what XCover refunds": (
        EventRunStatus.ASKING,
        EventRunStatus.ASKED,
        EventRunStatus.CANCELLING,
        EventRunStatus.DONE,
    ),
    "an event takes place after all, while XCover is asked": (
        EventRunStatus.ASKING,
        EventRunStatus.WITHDRAWING,
        EventRunStatus.WITHDRAWN,
    ),
    "a person looks at the sum and takes it back": (
        EventRunStatus.ASKED,
        EventRunStatus.WITHDRAWING,
    ),
    "an event is moved": (EventRunStatus.TELLING, EventRunStatus.DONE),
    "a newer change makes void what waited": (
        ModificationStatus.PARKED,
        ModificationStatus.DROPPED,
    ),
    "a call is made": (MessageState.PENDING, MessageState.SETTLED),
    "a call is not wanted any more, and then it is": (
        MessageState.PENDING,
        MessageState.DROPPED,
        MessageState.PENDING,
    ),
    "a call waits for a person, who tries again": (
        MessageState.PENDING,
        MessageState.PARKED,
        MessageState.PENDING,
    ),
    "a call waits for a person in vain": (MessageState.PARKED, MessageState.DROPPED),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_happens_in_a_store_is_allowed(story):
    for current, wanted in itertools.pairwise(STORIES[story]):
        check_transition(current, wanted)


def test_every_allowed_change_has_a_story():
    """A row added to a table says when it happens; one taken out ends a story."""
    told = {pair for states in STORIES.values() for pair in itertools.pairwise(map(named, states))}
    allowed = {
        (named(current), named(wanted))
        for table in TRANSITIONS.values()
        for current, all_wanted in table.items()
        for wanted in all_wanted
    }

    assert told == allowed


def named(state):
    return f"{type(state).__name__}.{state.name}"


def test_the_words_of_the_database_stay():
    """Rows keep them for years, storefronts read them: a new word is a new state."""
    words = {table.__name__: [state.value for state in table] for table in TABLES}

    assert words == {
        "OfferStatus": [
            *("requested", "available", "unavailable", "selected", "declined"),
            *("superseded", "expired", "confirmed", "opted_out", "abandoned"),
        ],
        "CoverStatus": [
            *("placed", "confirming", "confirmed", "cancelling", "cancelled", "parked", "void"),
        ],
        "CancellationStatus": ["requested", "confirming", "cancelled", "parked", "kept"],
        "ModificationStatus": ["requested", "confirming", "applied", "parked", "dropped"],
        "EventRunStatus": [
            *("asking", "asked", "cancelling", "telling", "done", "withdrawing", "withdrawn"),
        ],
        "MessageState": ["pending", "settled", "dropped", "parked"],
    }


def test_a_refused_change_says_of_what_and_which():
    with pytest.raises(TransitionRefused) as refused:
        check_transition(CoverStatus.VOID, CoverStatus.CONFIRMED)

    assert str(refused.value) == "CoverStatus: void may not become confirmed"


def test_reasons_of_covers_xcover_surely_holds_no_policy_for():
    """Rows hold them; with any other reason a person has to find out."""
    never = {
        *("not_offered", "line_changed", "tickets_changed", "offer_ended", "check_failed"),
        *("bought_already", "country_changed", "region_changed", "event_started"),
        "event_cancelled",
        *("refunded_in_part", "offer_gone"),
    }

    assert never == NEVER_BOUGHT
    assert never | {"policyholder_incomplete"} == NOTHING_BOUGHT
    assert (ReasonCode.NOT_OFFERED, ReasonCode.BOUGHT_ALREADY) == ("not_offered", "bought_already")
    assert (ReasonCode.LINE_REMOVED, ReasonCode.EVENT_OVER) == ("line_removed", "event_over")
    assert (ReasonCode.NOT_WANTED, ReasonCode.OTHER_STORE) == ("not_wanted", "other_store")


def test_what_staff_refused_and_what_is_another_stores_becomes_no_policy_here():
    refused = {"not_wanted", "other_store"}

    assert refused == NOT_MADE_HERE


def test_what_is_live_and_what_is_open():
    live = ["requested", "available", "unavailable", "selected", "declined"]

    assert [status.value for status in LIVE_OFFER_STATUSES] == live
    assert [status.value for status in OPEN_MODIFICATION_STATUSES] == ["requested", "confirming"]
