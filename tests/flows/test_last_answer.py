"""The last answer of a page wins, in whatever order its answers arrive."""

from itertools import permutations

import pytest

from demo.client.driver import Refused

from .steps import PREMIUM, TICKETS


@pytest.fixture
def buyer(shopper, store):
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    return ada


def consents():
    from saleor_xcover_plugin.models import Consent

    return list(Consent.objects.order_by("pk").values_list("answer", flat=True))


def test_a_no_is_not_lost_to_a_yes_that_was_under_way(buyer):
    """Pressed after the yes, it arrived before it: the buyer ended insured."""
    # given
    offer = buyer.offer()
    # when the second answer arrives first
    assert buyer.decline(page="one", turn=2).answer == "declined"
    late = buyer.accept(offer, page="one", turn=1)
    # then
    assert (late.answer, late.chosen_ids) == ("declined", ())
    assert buyer.offer().answer == "declined"
    assert buyer.checkout().total == TICKETS
    assert consents() == ["declined"]


def test_a_yes_is_not_lost_to_a_no_that_was_under_way(buyer):
    # given
    offer = buyer.offer()
    # when
    buyer.accept(offer, page="one", turn=2)
    late = buyer.decline(page="one", turn=1)
    # then
    assert late.answer == "accepted"
    assert buyer.checkout().total == TICKETS + PREMIUM
    assert consents() == ["accepted"]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3, 4))))
def test_in_any_order_the_last_of_four_counts(buyer, order):
    # given yes, no, yes, no
    offer = buyer.offer()
    answers = {1: buyer_says_yes, 2: buyer_says_no, 3: buyer_says_yes, 4: buyer_says_no}
    # when
    for turn in order:
        answers[turn](buyer, offer, turn)
    # then
    assert buyer.offer().answer == "declined"
    assert buyer.checkout().total == TICKETS


def buyer_says_yes(buyer, offer, turn):
    buyer.accept(offer, page="one", turn=turn)


def buyer_says_no(buyer, _offer, turn):
    buyer.decline(page="one", turn=turn)


def test_the_same_turn_twice_is_one_answer(buyer):
    # given
    offer = buyer.offer()
    # when
    first, second = (buyer.accept(offer, page="one", turn=1) for _ in range(2))
    # then
    assert (first.answer, second.answer) == ("accepted", "accepted")
    assert consents() == ["accepted"]
    assert len(buyer.checkout().cover_lines) == 1


def test_a_repeated_answer_does_not_undo_what_another_page_said_since(buyer):
    # given
    offer = buyer.offer()
    buyer.accept(offer, page="one", turn=1)
    buyer.decline(page="two", turn=1)
    # when the network sends the first once more
    repeated = buyer.accept(offer, page="one", turn=1)
    # then
    assert repeated.answer == "declined"
    assert buyer.checkout().total == TICKETS


def test_between_pages_the_order_of_arrival_counts(buyer):
    # given
    offer = buyer.offer()
    # when
    buyer.decline(page="one", turn=9)
    buyer.accept(offer, page="two", turn=1)
    # then
    assert buyer.offer().answer == "accepted"
    # and each page keeps its own count
    assert buyer.decline(page="one", turn=8).answer == "accepted"
    assert buyer.decline(page="one", turn=10).answer == "declined"
    assert consents() == ["declined", "accepted", "declined"]


def test_turns_outlive_the_offer_they_were_given_for(buyer):
    # given a no, then other tickets and another offer
    buyer.offer()
    buyer.decline(page="one", turn=5)
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 3)
    offer = buyer.offer()
    assert offer.answer is None
    # when
    late = buyer.accept(offer, page="one", turn=4)
    # then
    assert late.answer is None
    assert buyer.checkout().cover_lines == ()
    assert buyer.accept(offer, page="one", turn=6).answer == "accepted"


def test_a_refused_answer_is_still_the_later_one(buyer):
    # given a yes to terms that are not the live ones
    offer = buyer.offer()
    with pytest.raises(Refused) as caught:
        buyer.accept(offer, "unheard-of", page="one", turn=2)
    assert list(caught.value.codes) == ["quote_not_offered"]
    # when the no before it arrives late
    late = buyer.decline(page="one", turn=1)
    # then it changes nothing, and the refused turn may be tried again
    assert late.answer is None
    assert consents() == []
    assert buyer.accept(offer, page="one", turn=2).answer == "accepted"


def test_answers_without_a_page_count_as_they_arrive(buyer):
    # given
    offer = buyer.offer()
    # then
    assert buyer.decline().answer == "declined"
    assert buyer.accept(offer).answer == "accepted"
    assert buyer.decline().answer == "declined"


@pytest.mark.parametrize(
    ("page", "turn"), [("one", None), (None, 1), ("one", -1), ("", 1), ("x" * 65, 1), ("a b", 1)]
)
def test_a_turn_nobody_can_read_is_refused(buyer, page, turn):
    # given
    offer = buyer.offer()
    # when
    with pytest.raises(Refused) as caught:
        buyer.accept(offer, page=page, turn=turn)
    # then
    assert list(caught.value.codes) == ["bad_request"]
    assert buyer.checkout().cover_lines == ()


def test_only_the_latest_pages_are_remembered(buyer):
    from saleor_xcover_plugin.models import Offer
    from saleor_xcover_plugin.services.turns import MOST_PAGES

    # given
    buyer.offer()
    # when
    for number in range(MOST_PAGES + 3):
        buyer.decline(page=f"page-{number}", turn=1)
    # then
    turns = Offer.objects.get().turns
    assert len(turns) == MOST_PAGES
    assert turns[-1] == [f"page-{MOST_PAGES + 2}", 1, True]
