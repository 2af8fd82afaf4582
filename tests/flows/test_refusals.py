"""What cannot be insured is refused with a code, and the tickets sell all the same."""

from dataclasses import replace
from decimal import Decimal

import pytest

from testkit.client.driver import GraphQLFailed, Refused
from testkit.client.people import BERLIN, NEW_YORK, OSLO

WITHOUT_PHONE = {name: value for name, value in NEW_YORK.items() if name != "phone"}


def refusal(action):
    """Return the error a shopper's action is refused with; there is exactly one."""
    with pytest.raises(Refused) as caught:
        action()
    (error,) = caught.value.errors
    assert error["message"].endswith(".")
    return error


def buy_tickets(shopper):
    """Finish the checkout in a channel that lets unpaid orders through."""
    order = shopper.complete()
    assert order.cover_lines == ()
    return order


def test_an_unknown_checkout_is_not_found(store, shopper, simulator):
    ada = shopper(store.usd_unpaid)
    ada.checkout_id = "Q2hlY2tvdXQ6MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAw"

    assert refusal(ada.offer)["code"] == "checkout_not_found"
    assert refusal(ada.decline)["code"] == "checkout_not_found"
    ada.checkout_id = "1 OR 1=1"
    assert refusal(ada.offer)["code"] == "checkout_not_found"
    assert simulator.calls("create_offer") == []


def test_a_checkout_of_another_channel_is_refused(store, shopper, simulator):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.channel = store.eur

    assert refusal(ada.offer)["code"] == "checkout_in_other_channel"
    assert refusal(ada.decline)["code"] == "checkout_in_other_channel"
    assert simulator.calls("create_offer") == []

    ada.channel = store.usd_unpaid
    assert buy_tickets(ada).total == Decimal("200.00")


def test_a_quote_of_another_checkout_is_refused(store, shopper):
    # given two shoppers with offers of their own
    ada, bob = shopper(store.usd_unpaid), shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    bob.create_checkout({store.concert: 1})
    mine, his = ada.offer(), bob.offer()

    # when Ada answers with Bob's quotes
    stolen = replace(mine, groups=his.groups)

    # then nothing happens to her checkout
    assert refusal(lambda: ada.accept(stolen))["code"] == "quote_not_offered"
    assert refusal(lambda: ada.accept(replace(mine, groups=())))["code"] == "quote_not_offered"
    assert ada.checkout().total == Decimal("200.00")
    assert ada.accept(mine).answer == "accepted"


def test_terms_that_were_not_shown_are_not_accepted(store, shopper):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()

    forged = replace(offer, content_hash="0" * 64)

    assert refusal(lambda: ada.accept(forged))["code"] == "terms_changed"
    assert ada.checkout().cover_lines == ()


def test_nothing_is_accepted_once_payment_has_begun(store, shopper, payments, work, simulator):
    # given an offer, and money on its way for the tickets alone
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    payments.charge(checkout.id, checkout.total)
    # when it is accepted
    assert refusal(lambda: ada.accept(offer))["code"] == "payment_started"
    # then the order is what was paid, and nobody is insured
    order = buy_tickets(ada)
    work()
    assert order.total == Decimal("200.00")
    assert simulator.state()["bookings"] == []


def test_an_offer_for_fewer_tickets_is_stale(store, shopper, simulator):
    # given an offer for two tickets
    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 2})
    offer = ada.offer()

    # when a third is added before the yes
    ada.set_quantity(checkout.ticket_lines[0], 3)

    # then the old price is not sold
    assert refusal(lambda: ada.accept(offer))["code"] == "offer_stale"
    assert ada.checkout().total == Decimal("300.00")
    assert ada.offer().premium == Decimal("9.99")
    assert len(simulator.calls("create_offer")) == 2


def test_a_yes_given_before_the_tickets_changed_goes_with_them(store, shopper, work, simulator):
    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())

    changed = ada.set_quantity(checkout.ticket_lines[0], 3)

    assert changed.cover_lines == ()
    assert changed.total == Decimal("300.00")
    assert '"withdrawn"' in ada.checkout().metadata["xcover"]
    # Who said yes must not think to be insured: completing is held once, never twice.
    with pytest.raises(Refused) as caught:
        ada.complete()
    assert caught.value.codes == ("graphql_error",)
    assert "Your ticket protection has changed" in str(caught.value)
    buy_tickets(ada)
    work()
    assert simulator.calls("confirm") == []


def test_a_ticket_without_event_data_sells_without_an_offer(store, shopper, staff, simulator):
    # The store says which product types are tickets, so missing data is noticed.
    ada = shopper(store.usd_unpaid)
    staff.configure_plugin(store.usd_unpaid, {"ticket_product_types": store.ticket_product_type})
    try:
        ada.create_checkout({store.mystery: 2})

        error = refusal(ada.offer)

        assert error["code"] == "event_data_missing"
        assert set(error["fields"]) == {"start", "country"}
        assert simulator.calls("create_offer") == []
        assert buy_tickets(ada).total == Decimal("200.00")
    finally:
        staff.configure_plugin(store.usd_unpaid, {"ticket_product_types": ""})


def test_merchandise_alone_gets_no_offer(store, shopper, simulator):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.shirt: 1})

    assert refusal(ada.offer)["code"] == "no_tickets"
    assert simulator.calls() == []


def test_a_currency_without_offer_is_asked_once_and_remembered(store, shopper, simulator):
    ada = shopper(store.nok)
    ada.create_checkout({store.concert: 2}, billing=OSLO)

    assert refusal(ada.offer)["code"] == "no_offer"
    assert refusal(ada.offer)["code"] == "no_offer"
    assert len(simulator.calls("create_offer")) == 1


def test_without_an_address_there_is_no_price_yet(store, shopper, simulator):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2}, billing=None)

    assert refusal(ada.offer)["code"] == "country_missing"
    assert simulator.calls("create_offer") == []
    ada.set_billing(NEW_YORK)
    assert ada.offer().premium == Decimal("6.66")


def test_a_missing_phone_is_asked_for_before_payment(store, shopper, simulator):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2}, billing=WITHOUT_PHONE)
    offer = ada.offer()

    error = refusal(lambda: ada.accept(offer))

    assert (error["code"], error["fields"]) == ("policyholder_incomplete", ["phone"])
    assert ada.checkout().cover_lines == ()
    ada.set_billing(NEW_YORK)
    assert ada.accept(offer).answer == "accepted"
    assert len(simulator.calls("create_offer")) == 1


def test_another_country_after_the_offer_makes_it_stale(store, shopper):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()

    ada.set_billing(BERLIN)

    assert refusal(lambda: ada.accept(offer))["code"] == "offer_stale"


def test_wrong_credentials_are_refused_on_saving_and_nothing_is_saved(
    store, shopper, staff, simulator
):
    with pytest.raises(Refused) as caught:
        staff.configure_plugin(store.usd_unpaid, {"api_secret": "not-the-secret"})

    assert caught.value.codes == ("plugin_misconfigured",)
    assert "refused these credentials" in str(caught.value)
    assert "not-the-secret" not in str(caught.value)
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    assert ada.offer().premium == Decimal("6.66")


@pytest.mark.parametrize(
    "document",
    [
        "query Rubbish { __typename",
        "query Rubbish { insuranceOffer(checkoutId: 1) { errors { code } } } "
        "query B { __typename }",
        "query Rubbish($id: ID!) { a: insuranceOffer(checkoutId: $id) { errors { code } } "
        "b: insuranceOffer(checkoutId: $id) { errors { code } } }",
        "query Rubbish($id: ID!) { insuranceOffer(checkoutId: $id) { offer { premium "
        "{ a { b { c { d { e { f { g } } } } } } } } } }",
        "query Rubbish($id: ID!) { insuranceOffer(checkoutId: $id) { errors { nonsense } } }",
        "query Rubbish($id: ID!) { ... { a: insuranceOffer(checkoutId: $id) { errors { code } } "
        "b: insuranceOffer(checkoutId: $id) { errors { code } } } }",
        "query Rubbish { insuranceOffer { errors { code } } }",
        "query Rubbish " + "x" * 20_000,
    ],
)
def test_rubbish_gets_an_answer_and_costs_xcover_nothing(store, shopper, simulator, document):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})

    with pytest.raises(GraphQLFailed) as caught:
        ada._driver.ask_plugin(store.usd_unpaid.slug, document, {"id": ada.checkout_id})

    assert "status 4" in str(caught.value)
    assert simulator.calls("create_offer") == []
