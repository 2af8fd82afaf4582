"""What may be chosen together is XCover's to say: offered, charged, proven and booked so."""

from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.steps import PREMIUM, TICKETS, bookings, end_the_offer, opt_outs

SECOND_PREMIUM = Decimal("9.99")


def ask(shopper, store, tickets=None):
    buyer = shopper(store.usd)
    buyer.create_checkout(tickets or {store.concert: 2})
    return buyer, buyer.offer()


def pay(buyer, payments):
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete()


def refused(call):
    with pytest.raises(Refused) as caught:
        call()
    return list(caught.value.codes)


def consents():
    from saleor_xcover_plugin.models import Consent

    return list(Consent.objects.order_by("pk").values_list("answer", "premium", "source"))


@pytest.mark.parametrize("plan", ["bare_alternatives", "alternatives", "required_alternatives"])
def test_two_alternatives_are_never_charged_together(
    shopper, store, payments, work, simulator, plan
):
    """The double premium: 13.32 was charged instead of 6.66, and both quotes were booked."""
    # given two plans for one event, of which at most one may be taken
    simulator.settings(products=plan, second_price=1)
    buyer, offer = ask(shopper, store)
    (group,) = offer.groups
    assert (group.choice, group.max_select, len(group.quote_ids)) == ("ALTERNATIVES", 1, 2)
    assert [quote.premium for quote in offer.quotes] == [PREMIUM, PREMIUM]
    assert (offer.chosen_premium, offer.chosen_ids) == (None, ())
    # when both are asked for
    first, second = group.quote_ids
    assert refused(lambda: buyer.accept(offer, first, second)) == ["too_many_chosen"]
    # then nothing is charged and nothing was said
    assert buyer.checkout().total == TICKETS
    assert buyer.offer().answer is None
    # and when one is taken, it alone is charged and booked
    taken = buyer.accept(offer, second)
    assert (taken.chosen_premium, taken.chosen_ids) == (PREMIUM, (second,))
    assert [quote.is_chosen for quote in taken.quotes] == [False, True]
    order = pay(buyer, payments)
    work()
    assert order.total == TICKETS + PREMIUM
    (booking,) = bookings(simulator)
    assert [quote["id"] for quote in booking["quotes"]] == [second]
    assert booking["total_price"] == PREMIUM
    assert opt_outs(simulator) == []


def test_another_alternative_takes_the_place_of_the_first(shopper, store, simulator):
    # given
    simulator.settings(products="alternatives")
    buyer, offer = ask(shopper, store)
    first, second = offer.groups[0].quote_ids
    buyer.accept(offer, first)
    # when
    changed = buyer.accept(offer, second)
    # then
    assert (changed.chosen_ids, changed.chosen_premium) == ((second,), SECOND_PREMIUM)
    checkout = buyer.checkout()
    assert checkout.total == TICKETS + SECOND_PREMIUM
    assert [line.total for line in checkout.cover_lines] == [SECOND_PREMIUM]
    assert consents() == [
        ("accepted", PREMIUM, "storefront"),
        ("accepted", SECOND_PREMIUM, "storefront"),
    ]


@pytest.mark.parametrize(("places", "premium"), [((0,), "6.66"), ((1,), "9.99"), ((0, 1), "16.65")])
def test_add_ons_cost_what_was_chosen_of_them(
    shopper, store, payments, work, simulator, places, premium
):
    # given
    simulator.settings(products="add_ons")
    buyer, offer = ask(shopper, store)
    (group,) = offer.groups
    assert (group.choice, group.min_select, group.max_select) == ("ADD_ONS", 0, 2)
    # when
    chosen = [offer.quotes[place].id for place in places]
    buyer.accept(offer, *chosen)
    order = pay(buyer, payments)
    work()
    # then
    assert order.total == TICKETS + Decimal(premium)
    (booking,) = bookings(simulator)
    assert [quote["id"] for quote in booking["quotes"]] == chosen
    assert booking["total_price"] == Decimal(premium)
    assert opt_outs(simulator) == []


def test_of_two_events_one_may_be_protected_and_nothing_is_opted_out_of(
    shopper, store, payments, work, simulator
):
    # given one product per event
    buyer, offer = ask(shopper, store, {store.concert: 2, store.festival: 1})
    assert [len(group.quote_ids) for group in offer.groups] == [1, 1]
    assert {group.choice for group in offer.groups} == {"ADD_ONS"}
    # when only the concert is protected
    concert, festival = offer.quotes
    buyer.accept(offer, concert.id)
    order = pay(buyer, payments)
    work()
    # then
    assert order.total == Decimal("250.00") + concert.premium
    (booking,) = bookings(simulator)
    assert [quote["id"] for quote in booking["quotes"]] == [concert.id]
    assert festival.id not in str(booking)
    assert opt_outs(simulator) == []


def test_who_takes_nothing_of_alternatives_is_opted_out_once(
    shopper, store, payments, work, simulator
):
    # given
    simulator.settings(products="alternatives")
    buyer, _ = ask(shopper, store)
    # when
    buyer.decline()
    pay(buyer, payments)
    work()
    # then
    assert len(opt_outs(simulator)) == 1
    assert bookings(simulator) == []


@pytest.mark.parametrize("plan", ["hidden", "second_chance"])
def test_a_hidden_product_is_nowhere(shopper, store, simulator, plan):
    # given
    simulator.settings(products=plan)
    # when
    buyer, offer = ask(shopper, store)
    # then
    (sent,) = simulator.state()["offers"]
    shown, hidden = (quote["id"] for quote in sent["quotes"])
    assert [quote.id for quote in offer.quotes] == [shown]
    assert [group.quote_ids for group in offer.groups] == [(shown,)]
    assert refused(lambda: buyer.accept(offer, hidden)) == ["quote_not_offered"]
    assert refused(lambda: buyer.accept(offer, shown, hidden)) == ["quote_not_offered"]
    assert buyer.checkout().total == TICKETS
    # and not in the evidence either
    buyer.accept(offer, shown)
    from saleor_xcover_plugin.models import Consent, Quote

    assert hidden not in str(Consent.objects.get().content)
    assert not Quote.objects.filter(quote_id=hidden).exists()


def test_a_disabled_product_is_shown_and_cannot_be_bought(shopper, store, simulator):
    # given
    simulator.settings(products="disabled")
    buyer, offer = ask(shopper, store)
    usual, extra = offer.quotes
    assert [group.is_disabled for group in offer.groups] == [False, True]
    # then
    assert refused(lambda: buyer.accept(offer, extra.id)) == ["quote_disabled"]
    assert refused(lambda: buyer.accept(offer, usual.id, extra.id)) == ["quote_disabled"]
    assert buyer.checkout().total == TICKETS
    assert buyer.accept(offer, usual.id).chosen_premium == PREMIUM


def test_a_minimum_is_for_a_yes_and_never_against_a_no(shopper, store, simulator):
    # given one of two plans must be taken for each event
    simulator.settings(products="required_alternatives")
    buyer, offer = ask(shopper, store, {store.concert: 2, store.festival: 1})
    of_concert, of_festival = (group.quote_ids for group in offer.groups)
    # then
    assert refused(lambda: buyer.accept(offer, of_concert[0])) == ["too_few_chosen"]
    assert buyer.accept(offer, of_concert[0], of_festival[0]).answer == "accepted"
    assert buyer.decline().answer == "declined"
    assert buyer.checkout().total == Decimal("250.00")


@pytest.mark.parametrize(
    ("plan", "changes", "code"),
    [
        ("alternatives", {"min_select": 2}, "rule_minimum_above_maximum"),
        ("alternatives", {"min_select": 3, "max_select": 3}, "rule_minimum_out_of_reach"),
        ("alternatives", {"product_ids": ["unheard-of"]}, "rule_product_unknown"),
        ("hidden", {"product_ids": [0]}, "rule_product_in_two_groups"),
        ("alternatives", {"initial_state": "shimmer", "min_select": 1}, "rule_state_unknown"),
        ("alternatives", {"initial_state": "shimmer"}, "rule_leaves_no_choice"),
        ("alternatives", {"max_select": -1}, "rule_unreadable"),
        ("alternatives", {"product_ids": []}, "rule_unreadable"),
        ("alternatives", {"preselected": True}, "rule_unreadable"),
    ],
)
def test_broken_rules_are_no_offer_with_their_name(
    shopper, store, payments, simulator, plan, changes, code
):
    # given
    simulator.settings(products=plan, rule_changes=changes)
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # then tickets sell without
    assert refused(buyer.offer) == [code]
    assert pay(buyer, payments).total == TICKETS


def test_plans_of_several_events_without_rules_are_no_offer(shopper, store, simulator):
    # given
    simulator.settings(products="bare_alternatives")
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 1, store.festival: 1})
    # then
    assert refused(buyer.offer) == ["products_ambiguous"]


def test_a_product_that_failed_is_no_offer(shopper, store, simulator):
    # given
    simulator.settings(products="alternatives")
    simulator.fault("create_offer", "null_product")
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # then
    assert refused(buyer.offer) == ["product_failed"]


def test_a_choice_survives_a_change_when_its_terms_and_premium_are_the_same(
    shopper, store, simulator
):
    # given the second of two plans was taken
    simulator.settings(products="alternatives")
    buyer, offer = ask(shopper, store)
    buyer.accept(offer, offer.groups[0].quote_ids[1])
    # when something changes that costs nothing and comes back
    end_the_offer(buyer)
    assert buyer.checkout().cover_lines == ()
    again = buyer.offer()
    # then the same plan is in, by its new id
    assert again.answer == "accepted"
    assert again.chosen_ids == (again.groups[0].quote_ids[1],)
    assert again.chosen_ids != (offer.groups[0].quote_ids[1],)
    assert buyer.checkout().total == TICKETS + SECOND_PREMIUM
    assert consents()[-1] == ("accepted", SECOND_PREMIUM, "kept")


def test_a_choice_ends_when_only_the_other_plan_stays_as_it_was(shopper, store, simulator):
    # given
    simulator.settings(products="alternatives")
    buyer, offer = ask(shopper, store)
    buyer.accept(offer, offer.groups[0].quote_ids[1])
    # when the chosen plan costs more
    simulator.settings(second_price=2)
    end_the_offer(buyer)
    again = buyer.offer()
    # then the shopper is asked
    assert (again.answer, again.chosen_ids) == (None, ())
    assert buyer.checkout().total == TICKETS


def test_a_choice_survives_when_only_the_other_plan_changed(shopper, store, simulator):
    # given
    simulator.settings(products="alternatives")
    buyer, offer = ask(shopper, store)
    buyer.accept(offer, offer.groups[0].quote_ids[0])
    # when
    simulator.settings(second_price=2)
    end_the_offer(buyer)
    again = buyer.offer()
    # then
    assert (again.answer, again.chosen_premium) == ("accepted", PREMIUM)
    assert buyer.checkout().total == TICKETS + PREMIUM


def test_all_of_two_quotes_are_cancelled_with_the_order(
    shopper, store, staff, payments, work, simulator
):
    # given both add-ons in one policy
    simulator.settings(products="add_ons")
    buyer, offer = ask(shopper, store)
    buyer.accept(offer)
    checkout = buyer.checkout()
    payment = payments.charge(checkout.id, checkout.total, checkout.currency)
    buyer.complete()
    work()
    # when everything is refunded
    payments.refund(payment, checkout.total)
    work()
    # then
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"
    assert [quote["status"] for quote in booking["quotes"]] == ["CANCELLED", "CANCELLED"]
    (cancelled,) = simulator.state()["cancellations"]
    assert sum(cancelled["refunds"].values()) == Decimal("16.65")


def test_only_the_chosen_quotes_are_cancelled(shopper, store, payments, work, simulator):
    # given one of two alternatives
    simulator.settings(products="alternatives")
    buyer, offer = ask(shopper, store)
    buyer.accept(offer, offer.groups[0].quote_ids[1])
    checkout = buyer.checkout()
    payment = payments.charge(checkout.id, checkout.total, checkout.currency)
    buyer.complete()
    work()
    # when
    payments.refund(payment, checkout.total)
    work()
    # then
    asked = [call["body"] for call in simulator.calls("cancel")]
    assert [[quote["id"] for quote in body["quotes"]] for body in asked] == [
        [offer.groups[0].quote_ids[1]]
    ]
    (cancelled,) = simulator.state()["cancellations"]
    assert sum(cancelled["refunds"].values()) == SECOND_PREMIUM


def test_an_offer_of_an_older_version_is_asked_for_again(shopper, store, simulator):
    """What it stored says nothing of what may be chosen together, and has single texts."""
    from saleor_xcover_plugin.models import Offer, Quote

    # given
    simulator.settings(products="bare_alternatives", second_price=1)
    buyer, offer = ask(shopper, store)
    buyer.accept(offer, offer.quotes[0].id)
    Quote.objects.update(is_chosen=True)
    _store_as_before(Offer, Quote)
    # when it is looked at
    again = buyer.offer()
    # then
    assert again.content_hash != offer.content_hash
    assert again.groups[0].choice == "ALTERNATIVES"
    assert (again.answer, again.chosen_ids) == (None, ())
    assert buyer.checkout().total == TICKETS


def test_an_offer_of_an_older_version_is_shown_accepted_and_declined(shopper, store, simulator):
    from saleor_xcover_plugin.models import Offer, Quote

    # given
    buyer, _ = ask(shopper, store)
    _store_as_before(Offer, Quote)
    # then
    old = buyer.offer()
    assert [point.text for point in old.quotes[0].benefits] == ["Ticket price: up to all of it"]
    assert (old.extras, old.quotes[0].inclusions, old.quotes[0].terms) == ((), (), "")
    assert [group.quote_ids for group in old.groups] == [(old.quotes[0].id,)]
    assert buyer.accept(old).chosen_premium == PREMIUM
    assert buyer.decline().answer == "declined"


def _store_as_before(offers, quotes):
    """Store the live offer as the version before product rules did."""
    kept = ("id", "title", "description", "premium", "disclaimer", "pds_url", "policy_version")
    for quote in quotes.objects.all():
        quote.content = {name: quote.content[name] for name in kept} | {
            "benefits": ["Ticket price: up to all of it"],
            "exclusions": [],
        }
        quote.save(update_fields=["content"])
    for offer in offers.objects.all():
        content = {name: offer.content[name] for name in ("heading", "disclaimer", "currency")}
        content["quotes"] = [quote.content for quote in offer.quotes.all()]
        offers.objects.filter(pk=offer.pk).update(content=content, groups=None, turns=None)
