"""The last answer of a page wins, in whatever order its answers arrive."""

from itertools import permutations

import pytest

from saleor_xcover_plugin.domain.answer_sequence import MAX_PAGES
from testkit.client.driver import Refused
from testkit.steps import PREMIUM, TICKETS, end_the_offer


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


def test_a_no_before_there_is_any_offer_is_remembered(buyer, simulator):
    # given a no that comes before anybody has asked for an offer
    assert refused(buyer.decline, page="one", turn=2) == ["offer_stale"]
    assert simulator.calls() == []
    # when the yes before it arrives after the offer
    offer = buyer.offer()
    late = buyer.accept(offer, page="one", turn=1)
    # then
    assert late.answer is None
    assert buyer.checkout().total == TICKETS
    assert consents() == []
    # and the buyer may still change his mind
    assert buyer.accept(offer, page="one", turn=3).answer == "accepted"


def test_answers_before_there_is_any_offer_leave_one_row_that_is_nothing_to_anybody(
    shopper, store, work, simulator
):
    from saleor_xcover_plugin.models import Offer

    # given
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    for turn in range(1, 5):
        refused(buyer.decline, page=f"page-{turn}", turn=turn)
    # then one row remembers them
    (row,) = Offer.objects.all()
    assert (row.status, row.shown_at, row.content) == ("abandoned", None, {})
    assert [page for page, *_ in row.turns] == ["page-1", "page-2", "page-3", "page-4"]
    # when the tickets are bought without an offer
    order = buyer.complete()
    work()
    # then nothing is said to XCover, and the row goes with the order's
    assert simulator.calls() == []
    assert buyer.cover() is None
    assert order.total == TICKETS
    assert Offer.objects.get().order_id is not None


def test_an_answer_for_a_checkout_that_is_not_there_leaves_nothing(shopper, store):
    from saleor_xcover_plugin.models import Offer

    # given the checkout became an order, and another is of another channel
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.complete()
    stranger = shopper(store.eur)
    stranger.checkout_id = other_checkout_of(shopper, store)
    # then
    assert refused(buyer.decline, page="one", turn=1) == ["checkout_not_found"]
    assert refused(stranger.decline, page="one", turn=1) == ["checkout_in_other_channel"]
    assert Offer.objects.count() == 0


def other_checkout_of(shopper, store):
    bob = shopper(store.usd)
    return bob.create_checkout({store.concert: 1}).id


def test_a_late_answer_without_an_offer_is_told_to_look_again(buyer):
    refused(buyer.decline, page="one", turn=2)
    assert refused(buyer.decline, page="one", turn=1) == ["offer_stale"]


@pytest.mark.parametrize("numbered", [{}, {"page": "one", "turn": 2}])
def test_a_no_between_two_offers_ends_the_yes_that_would_be_kept(buyer, numbered):
    """The yes came back with the next offer of the same terms: the buyer ended insured."""
    # given a yes, and a change of tickets that ends its offer
    buyer.accept(buyer.offer(), page="one", turn=1)
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 3)
    # when the no comes before the next offer, which is for the tickets of before
    assert refused(buyer.decline, **numbered) == ["offer_stale"]
    buyer.set_quantity(line, 2)
    # then
    assert buyer.offer().answer is None
    assert buyer.checkout().total == TICKETS
    assert consents() == ["accepted"]


def test_a_no_that_comes_while_a_yes_is_being_kept_ends_it(buyer, monkeypatch):
    from saleor_xcover_plugin.checkout import offer_pricing

    # given a yes that the next offer will keep
    buyer.accept(buyer.offer(), page="one", turn=1)
    end_the_offer(buyer)
    # when the no arrives after it was looked for and before it is put in
    look, seen = offer_pricing._same_choice, []

    def look_and_say_no(ended, offer):
        found = look(ended, offer)
        if not seen:
            seen.append(found)
            buyer.decline(page="one", turn=2)
        return found

    monkeypatch.setattr(offer_pricing, "_same_choice", look_and_say_no)
    # then
    assert buyer.offer().answer == "declined"
    assert seen != [[]]
    assert buyer.checkout().total == TICKETS
    assert consents() == ["accepted", "declined"]


def test_only_the_latest_pages_are_remembered(buyer):
    from saleor_xcover_plugin.models import Offer

    # given
    buyer.offer()
    # when
    for number in range(MAX_PAGES + 3):
        buyer.decline(page=f"page-{number}", turn=number)
    # then, and of the three others the highest turn they gave
    turns = Offer.objects.get().turns
    assert len(turns) == MAX_PAGES + 1
    assert turns[0] == ["", 2, True]
    assert turns[-1] == [f"page-{MAX_PAGES + 2}", MAX_PAGES + 2, True]


def test_a_yes_of_a_page_that_was_forgotten_insures_nobody(buyer):
    """After sixteen other pages the late yes of the first one was taken for a new one."""
    # given a no, and more pages than are remembered
    offer = buyer.offer()
    buyer.decline(page="one", turn=5)
    say_no_on_other_pages(buyer)
    # when
    late = refused(buyer.accept, offer, page="one", turn=4)
    # then the buyer who is still there, if any, looks and presses again
    assert late == ["offer_stale"]
    assert buyer.offer().answer == "declined"
    assert buyer.checkout().total == TICKETS
    assert "accepted" not in consents()


def test_a_late_no_of_a_forgotten_page_brings_no_earlier_yes_back(buyer):
    # given
    offer = buyer.offer()
    buyer.decline(page="one", turn=5)
    say_no_on_other_pages(buyer)
    # when its answers 2 and 3 arrive at last
    assert buyer.decline(page="one", turn=2).answer == "declined"
    # then the page is not known again by a turn lower than it has given
    assert refused(buyer.accept, offer, page="one", turn=3) == ["offer_stale"]
    assert buyer.checkout().total == TICKETS


def test_a_no_is_taken_from_any_page(buyer):
    # given more pages than are remembered, and a yes
    offer = buyer.offer()
    buyer.decline(page="one", turn=9)
    say_no_on_other_pages(buyer)
    buyer.accept(offer, page="two", turn=10)
    # when a page nobody knows says no
    assert buyer.decline(page="three", turn=1).answer == "declined"
    # then
    assert buyer.checkout().total == TICKETS


def test_a_new_page_works_after_many_others(buyer):
    """As the element counts: from the seconds of its page's load."""
    # given pages loaded one after the other
    offer = buyer.offer()
    for number in range(MAX_PAGES + 5):
        buyer.decline(page=f"page-{number}", turn=1_000 + 10 * number)
    # when the next is loaded
    assert buyer.accept(offer, page="new", turn=2_000).answer == "accepted"
    # then it is a page like any other
    assert buyer.decline(page="new", turn=2_001).answer == "declined"
    assert buyer.accept(offer, page="new", turn=2_000).answer == "declined"
    assert buyer.accept(offer, page="new", turn=2_002).answer == "accepted"


def test_a_new_page_that_counts_from_one_gets_through_by_pressing_again(buyer):
    # given pages that pressed twice each
    offer = buyer.offer()
    say_no_on_other_pages(buyer, turn=2)
    buyer.decline(page="one-more", turn=1)
    # then
    assert refused(buyer.accept, offer, page="new", turn=1) == ["offer_stale"]
    assert refused(buyer.accept, offer, page="new", turn=2) == ["offer_stale"]
    assert buyer.accept(offer, page="new", turn=3).answer == "accepted"


def test_what_was_forgotten_is_handed_on_to_the_next_offer(buyer):
    # given
    buyer.offer()
    buyer.decline(page="one", turn=5)
    say_no_on_other_pages(buyer)
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 3)
    # then
    assert refused(buyer.accept, buyer.offer(), page="one", turn=4) == ["offer_stale"]
    assert buyer.checkout().cover_lines == ()


def test_who_floods_pages_hurts_only_his_own_checkout(buyer, shopper, store):
    from saleor_xcover_plugin.models import Offer

    # given two buyers, and one sends the highest turn there is from more and more pages
    bob = shopper(store.usd)
    bob.create_checkout({store.concert: 2})
    offer, offer_of_bob = buyer.offer(), bob.offer()
    for number in range(3 * MAX_PAGES):
        bob.decline(page=f"{number:064}", turn=2**31 - 1)
    # then what is kept of him stays small, and no new page can insure him
    assert max(len(str(turns)) for turns in Offer.objects.values_list("turns", flat=True)) < 2_000
    assert refused(bob.accept, offer_of_bob, page="new", turn=2**31 - 1) == ["offer_stale"]
    # and nobody else notices
    assert buyer.accept(offer, page="new", turn=1).answer == "accepted"


def say_no_on_other_pages(buyer, turn=1):
    for number in range(MAX_PAGES):
        buyer.decline(page=f"page-{number}", turn=turn)


def refused(answer, *arguments, **terms):
    with pytest.raises(Refused) as caught:
        answer(*arguments, **terms)
    return list(caught.value.codes)
