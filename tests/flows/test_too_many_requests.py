"""Nobody uses up what all shoppers share, however often they ask; what holds stays readable."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client import documents
from testkit.client.driver import Driver, Refused
from testkit.client.people import OSLO
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.transports import Post, in_process
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import asked
from testkit.work import Work

from .waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]
Configure = Callable[..., None]

BACK_OFF = (0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds after which the element asks again."""


@pytest.fixture
def configure(store: Store, staff: Staff) -> Iterator[Configure]:
    """Change settings of the channel for one test."""
    defaults = {
        "offers_per_minute": "12",
        "client_header": "",
        "trusted_proxies": "1",
        "client_requests": "60",
        "calls_per_second": "50",
    }
    yield lambda **changes: staff.configure_plugin(store.usd, changes)
    staff.configure_plugin(store.usd, defaults)


def change(buyer: Shopper) -> None:
    """Have two or three tickets, whichever it is not: the live offer ends."""
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 5 - line.quantity)


def refusal(act: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(Refused) as caught:
        act()
    (error,) = caught.value.errors
    return dict(error)


def use_up(kind: str) -> None:
    """Have the one allowance of a kind used up for a while, however slowly this test goes on."""
    from saleor_xcover_plugin.models import Usage

    (usage,) = Usage.objects.filter(key__startswith=f"{kind}:")
    usage.used_until = datetime.now(UTC) + timedelta(minutes=50)
    usage.save()


def offers(buyer: Shopper) -> Any:
    from saleor_xcover_plugin.models import Offer

    return Offer.objects.filter(checkout_token=key(buyer.checkout_id))


def test_a_checkout_that_asks_too_often(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess
) -> None:
    # given a checkout that has used up what it may ask, and changes
    busy, other = shopper(store.usd), shopper(store.usd)
    busy.create_checkout({store.concert: 2})
    busy.offer()
    use_up("offers")
    change(busy)
    # when
    refused = [refusal(busy.offer), refusal(busy.offer)]
    # then XCover is not asked, and it says when it will be
    assert [error["code"] for error in refused] == ["too_many_requests"] * 2
    assert 2_000 < refused[0]["retryAfter"] <= 3_000
    assert asked(simulator) == {"create_offer": 1}
    # and tickets sell, and others are served as ever
    assert busy.checkout().subtotal == 300
    other.create_checkout({store.concert: 2})
    assert other.offer().answer is None


def test_the_live_offer_is_readable_and_can_be_answered_all_the_same(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess
) -> None:
    # given a checkout that has used up what it may ask
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    use_up("offers")
    # when it looks again and again
    for _ in range(3):
        assert buyer.offer().content_hash == offer.content_hash
    buyer.accept(offer)
    assert buyer.offer().answer == "accepted"
    buyer.decline()
    # then XCover was asked once
    assert asked(simulator) == {"create_offer": 1}


def test_a_checkout_that_answers_too_often(shopper: SendShopper, store: Store) -> None:
    from saleor_xcover_plugin.models import Consent

    # given a yes, after which no more answers are taken for a while
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    offer = buyer.accept(buyer.offer())
    use_up("answers")
    # when
    refused = [refusal(buyer.decline), refusal(lambda: buyer.accept(offer))]
    # then neither was taken, and the yes holds
    assert [error["code"] for error in refused] == ["too_many_requests"] * 2
    assert refused[0]["retryAfter"] > 2_000
    assert Consent.objects.count() == 1
    assert buyer.offer().answer == "accepted"
    assert buyer.checkout().cover_lines


def test_checkouts_nobody_made_leave_no_rows(driver: Driver, store: Store) -> None:
    from saleor_xcover_plugin.models import Offer, Usage

    for document, terms in (
        (documents.INSURANCE_OFFER, {}),
        (documents.INSURANCE_OFFER_REQUEST, {}),
        (documents.INSURANCE_DECLINE, {}),
        (documents.INSURANCE_ACCEPT, {"quoteIds": ["x"], "contentHash": "x"}),
    ):
        invented = {"id": str(uuid.uuid4()), **terms}
        refused = refusal(lambda: driver.ask_plugin(store.usd.slug, document, invented))  # noqa: B023
        assert refused["code"] == "checkout_not_found"

    assert (Usage.objects.count(), Offer.objects.count()) == (0, 0)


def test_a_worker_that_asks_before_the_shopper_counts_too(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, work: Work
) -> None:
    """Whoever changes a checkout through Saleor has a worker ask, and never calls the plugin."""
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    work.fetch_offer(buyer.checkout_id, store.usd)
    use_up("offers")
    # when
    for _ in range(2):
        change(buyer)
        work.fetch_offer(buyer.checkout_id, store.usd)
    # then
    assert asked(simulator) == {"create_offer": 1}


# Clients ----------------------------------------------------------------------------------


def from_address(header: str) -> Post:
    post = in_process()
    return lambda path, body, headers: post(path, body, {**headers, "X-Forwarded-For": header})


def test_one_client_with_many_checkouts(
    store: Store,
    simulator: SimulatorProcess,
    configure: Configure,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from saleor_xcover_plugin.graphql import view
    from saleor_xcover_plugin.models import Usage

    view._tell_once.cache_clear()
    caplog.set_level(logging.WARNING, logger="saleor_xcover_plugin")
    # given a store whose one proxy writes whom it was called by
    configure(client_header="X-Forwarded-For")

    def ask_from(header: str) -> Shopper:
        buyer = Shopper(Driver(from_address(header)), store.usd)
        buyer.create_checkout({store.concert: 2})
        buyer.offer()
        return buyer

    # when one client asks for new checkouts, inventing what stands before its address
    ask_from("10.0.0.1, 203.0.113.7")
    use_up("client")
    refused = refusal(lambda: ask_from("10.0.0.2, 203.0.113.7"))
    # then
    assert refused["code"] == "too_many_requests"
    assert asked(simulator) == {"create_offer": 1}
    # and another client, and one without an address, are served
    ask_from("203.0.113.8")
    ask_from("somewhere")
    ask_from("somewhere else")
    # which the log tells once: no refusal shows it
    told = [record for record in caplog.records if record.getMessage() == "xcover.client.unknown"]
    assert [(record.header, record.proxies) for record in told] == [("X-Forwarded-For", 1)]  # type: ignore[attr-defined]
    # and nothing we keep says who it was
    assert not any("203.0.113" in row for row in Usage.objects.values_list("key", flat=True))


def test_addresses_count_only_where_a_header_is_trusted(
    store: Store, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Usage

    buyer = Shopper(Driver(from_address("203.0.113.7")), store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())

    assert Usage.objects.filter(key__startswith="answers:").count() == 1
    assert not Usage.objects.filter(key__startswith="client:").exists()


# The account's rate -----------------------------------------------------------------------


def test_three_clients_that_ask_all_the_time_leave_eight_shoppers_their_offers(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, configure: Configure
) -> None:
    """With test keys, 1.1 offers a second: five of eight went without one."""
    # given three checkouts that change and ask as fast as they can
    configure(calls_per_second="2")
    attackers = [Shopper(Driver(in_process()), store.usd) for _ in range(3)]
    for attacker in attackers:
        attacker.create_checkout({store.concert: 2})
    is_over = threading.Event()
    threads = [threading.Thread(target=_attack, args=(one, is_over)) for one in attackers]
    for thread in threads:
        thread.start()
    try:
        # when eight shoppers ask as the element does
        served = [_ask_as_the_element_does(shopper(store.usd), store) for _ in range(8)]
    finally:
        is_over.set()
        for thread in threads:
            thread.join(60)
    # then
    assert served == [True] * 8


def _attack(attacker: Shopper, is_over: threading.Event) -> None:
    from django.db import connections

    while not is_over.is_set():
        change(attacker)
        try:
            attacker.offer()
        except Refused as refused:
            if refused.codes[0] not in _EXPECTED:
                raise
    connections.close_all()


_EXPECTED = ("too_many_requests", "offer_pending", "offer_stale", "no_offer")


def _ask_as_the_element_does(buyer: Shopper, store: Store) -> bool:
    buyer.create_checkout({store.concert: 2})
    return _is_offered(buyer)


def _is_offered(buyer: Shopper) -> bool:
    for wait in (*BACK_OFF, 0.0):
        try:
            buyer.offer()
        except Refused as refused:
            (error,) = refused.errors
            time.sleep(max(wait, error["retryAfter"] or 0))
        else:
            return True
    return False


def used(kind: str) -> Any:
    """Until when what all checkouts share of one kind is used up; another one after each draw."""
    from saleor_xcover_plugin.models import Usage

    return Usage.objects.filter(key__startswith=f"{kind}:").values_list("used_until").first()


def let_rest_pass(buyer: Shopper) -> None:
    """Have the time be over after which a checkout may ask again that got no offer."""
    offers(buyer).update(leased_until=datetime.now(UTC))


def test_a_checkout_xcover_makes_no_offer_for_has_one_first_question_however_it_changes(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    configure: Configure,
    work: Work,
) -> None:
    """Each change made its next question a first one: sixty left others without their first."""
    # given test keys, and a checkout that XCover was asked about, and refuses
    configure(calls_per_second="2", offers_per_minute="600")
    attacker, other = shopper(store.usd), shopper(store.usd)
    other.create_checkout({store.concert: 2})
    attacker.create_checkout({store.concert: 2})
    simulator.fault("create_offer", "status", times=None, status=422)
    assert refusal(attacker.offer)["code"] == "no_offer"
    first = used("first")
    # when its basket changes again and again, and somebody or a worker asks after each change
    codes = []
    for number in range(20):
        change(attacker)
        if number % 4 == 3:
            work.fetch_offer(attacker.checkout_id, store.usd)
        codes.append(refusal(attacker.offer)["code"])
    # then it has drawn on the first ones once, and on half of the rate since
    assert used("first") == first
    assert used("repeated") is not None
    assert set(codes) <= {"no_offer", "too_many_requests", "offer_pending"}
    assert offers(attacker).count() == 1
    # and others still have theirs
    simulator.clear_faults()
    assert other.offer().answer is None
    assert used("first") != first


@pytest.mark.parametrize("status", [503, 429], ids=["fails", "asks to slow down"])
def test_an_answer_counts_although_xcover_did_not_answer_the_next_question(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, status: int
) -> None:
    # given a checkout that was refused an offer, whose next question got no answer
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    simulator.fault("create_offer", "status", times=1, status=422)
    assert refusal(buyer.offer)["code"] == "no_offer"
    first = used("first")
    let_rest_pass(buyer)
    simulator.fault("create_offer", "status", times=1, status=status)
    assert refusal(buyer.offer)["code"] == "xcover_unavailable"
    repeated = used("repeated")
    # when it asks on, and changes and asks: whatever XCover or the rate limit says
    for act in (let_rest_pass, change, let_rest_pass, change):
        act(buyer)
        with contextlib.suppress(Refused):
            buyer.offer()
    # then each of them was a further one
    assert used("first") == first
    assert used("repeated") != repeated


def test_whose_first_question_xcover_did_not_answer_asks_his_first_again(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess
) -> None:
    # given a shopper whose first question failed, and whose basket is another one since
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    simulator.fault("create_offer", "status", times=1, status=503)
    assert refusal(buyer.offer)["code"] == "xcover_unavailable"
    first, repeated = used("first"), used("repeated")
    change(buyer)
    # when
    buyer.offer()
    # then
    assert used("first") != first
    assert used("repeated") == repeated
    # and once it was answered, the next one is a further one
    first = used("first")
    change(buyer)
    buyer.offer()
    assert used("first") == first
    assert used("repeated") != repeated
    assert asked(simulator) == {"create_offer": 3}


def test_a_changed_basket_gets_its_offer_while_others_change_what_is_never_quoted(
    shopper: SendShopper, store: Store, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given test keys, and somebody who never stops changing a checkout that XCover never quotes
    # and asking, beyond what the checkout itself may
    slow = {"calls_per_second": "2", "offers_per_minute": "4"}
    usual = {"calls_per_second": "50", "offers_per_minute": "12"}
    for channel in (store.usd, store.nok):
        staff.configure_plugin(channel, slow)
    attacker = shopper(store.nok)
    attacker.create_checkout({store.concert: 2}, billing=OSLO)
    is_over = threading.Event()
    thread = threading.Thread(target=_attack, args=(attacker, is_over))
    thread.start()
    try:
        # when shoppers ask as the element does, change their basket, and ask again
        buyers = [shopper(store.usd) for _ in range(3)]
        served = [_ask_as_the_element_does(buyer, store) for buyer in buyers]
        for buyer in buyers:
            change(buyer)
        served += [_is_offered(buyer) for buyer in buyers]
    finally:
        is_over.set()
        thread.join(60)
        for channel in (store.usd, store.nok):
            staff.configure_plugin(channel, usual)
    # then
    assert served == [True] * 6
    assert [offers(buyer).latest("pk").status for buyer in buyers] == ["available"] * 3


def test_a_changed_basket_gets_its_offer_while_somebody_makes_checkouts_in_saleor(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    configure: Configure,
    work: Work,
) -> None:
    """A worker asks ahead for each of them, as often as it may, past every limit of ours."""
    # given test keys, a shopper with an offer, and workers that ask for others without a pause
    configure(calls_per_second="2")
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    for _ in range(10):
        other = shopper(store.usd)
        other.create_checkout({store.concert: 2})
        work.fetch_offer(other.checkout_id, store.usd)
    # when the shopper changes the basket and asks, and the rate limit has a turn
    change(buyer)
    let_waits_pass()
    # then
    assert buyer.offer().answer is None
    assert offers(buyer).latest("pk").status == "available"


# What is left behind ----------------------------------------------------------------------


def test_offers_nobody_saw_leave_no_rows(
    shopper: SendShopper, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    # given a checkout whose tickets change while nobody looks
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    for _ in range(6):
        work.fetch_offer(buyer.checkout_id, store.usd)
        change(buyer)
    work.fetch_offer(buyer.checkout_id, store.usd)
    # then XCover was asked each time, and one offer is there
    assert asked(simulator)["create_offer"] == 7
    assert [row.status for row in offers(buyer)] == ["available"]


def test_offers_that_were_shown_and_answered_stay(
    shopper: SendShopper, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Consent

    # given one that was answered, one that was shown, and two that nobody saw
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.decline(page="p", turn=7)
    change(buyer)
    buyer.offer()
    for _ in range(2):
        change(buyer)
        work.fetch_offer(buyer.checkout_id, store.usd)
    # when the next one is asked for
    change(buyer)
    live = buyer.offer()
    # then the evidence is whole
    rows = offers(buyer).order_by("pk")
    assert [row.status for row in rows] == ["superseded", "superseded", "available"]
    assert all(row.shown_at for row in rows)
    assert [consent.offer_id for consent in Consent.objects.all()] == [rows[0].pk]
    # and what the page said last still counts: an earlier yes that comes late does nothing
    assert buyer.accept(live, page="p", turn=6).answer is None
    assert buyer.checkout().cover_lines == ()


def test_a_late_answer_for_an_offer_that_is_gone(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess
) -> None:
    # given a question under way when the tickets change, and another after it
    buyer, again = shopper(store.usd), Shopper(Driver(in_process()), store.usd)
    buyer.create_checkout({store.concert: 2})
    again.checkout_id = buyer.checkout_id
    simulator.fault("create_offer", "delay", times=1, seconds=1.5)
    told: list[dict[str, Any]] = []

    def ask_late() -> None:
        from django.db import connections

        told.append(refusal(buyer.offer))
        connections.close_all()

    late = threading.Thread(target=ask_late)
    late.start()
    ends_at = time.monotonic() + 10
    while not offers(buyer).filter(status="requested").exists():
        assert time.monotonic() < ends_at
        time.sleep(0.02)
    change(again)
    offer = again.offer()
    late.join(30)
    # then the first answer is nobody's
    assert [error["code"] for error in told] == ["offer_stale"]
    assert again.offer().content_hash == offer.content_hash
    assert offers(buyer).count() == 1
