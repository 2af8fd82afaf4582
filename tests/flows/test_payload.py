"""A store reaches its partner's schema by settings: the payload template, and who is insured."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from testkit.client.driver import Refused
from testkit.client.shopper import NEW_YORK, Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Use = Callable[[str], None]

TEXT: Any = {"type": "string", "minLength": 1}
AMOUNT: Any = {"type": "number", "exclusiveMinimum": 0}
MOMENT: Any = {"type": "string", "format": "date-time"}


def shape(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """Return the JSON Schema of an object with exactly these fields."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: Any) -> Any:
    return {"type": "array", "items": items, "minItems": 1}


FLAT = {
    "context": shape(
        {
            "policy_type": {"const": "event_ticket_protection"},
            "event_name": TEXT,
            "event_datetime": MOMENT,
            "event_country": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "number_of_tickets": {"type": "integer"},
            "tickets": listed(shape({"price": AMOUNT})),
            "resale_ticket": {"type": "boolean"},
        },
        event_location=TEXT,
        event_city=TEXT,
    )
}
PERFORMANCES = listed(
    shape({"quantity": {"type": "integer"}, "unit_price": AMOUNT}, ticket_type=TEXT)
)
MIXED = {
    "context": shape(
        {
            "total_tickets": {"type": "integer"},
            "total_tickets_price": AMOUNT,
            "first_event_start_date": {"type": "string", "pattern": "Z$"},
            "events": listed(
                shape(
                    {
                        "event_name": TEXT,
                        "event_start_date": {"type": "string", "pattern": "Z$"},
                        "event_country": TEXT,
                        "number_of_tickets": {"type": "integer"},
                        "total_price": AMOUNT,
                        "performances": PERFORMANCES,
                    },
                    event_end_date=MOMENT,
                )
            ),
        }
    )
}
EVENT = {"name": TEXT, "start_date": MOMENT, "country": TEXT}
PERSONS = {
    "context": shape(
        {
            "events": listed(
                shape({**EVENT, "tickets": listed(shape({"price": AMOUNT}, type=TEXT, seat=TEXT))})
            )
        }
    ),
    "insured": listed(
        shape({"first_name": TEXT, "last_name": TEXT, "email": TEXT, "country": TEXT})
    ),
}
REGIONS = {
    "customer": shape({"language": TEXT, "currency": TEXT, "country": TEXT, "region": TEXT}),
    "partner": shape({"metadata": shape({"sales_channel": {"const": "web"}, "visit": TEXT})}),
    "context": shape(
        {
            "genre": {"enum": ["CONCERT", "OTHER"]},
            "events": listed(shape({**EVENT, "tickets": listed(shape({"price": AMOUNT}))})),
        }
    ),
}
WITH_REGIONS = """
customer:
  region: {from: customer.region}
partner:
  metadata:
    sales_channel: web
    visit: {from: checkout.metadata.visit, default: none}
context:
  genre: {from: product.metadata.genre, map: {concert: CONCERT}, default: OTHER}
  events:
    each: events
    item:
      name: {from: event.name}
      start_date: {from: event.start, format: datetime_utc}
      country: {from: event.country}
      tickets:
        each: tickets
        item: {price: {from: ticket.price}}
"""


@pytest.fixture
def use(staff: Staff, store: Store) -> Iterator[Use]:
    """A function that saves a payload template for the channel."""

    def save(text: str) -> None:
        staff.configure_plugin(store.usd, {"payload": text})

    yield save
    staff.configure_plugin(store.usd, {"payload": "use: nested", "payload_schema": ""})


def sent(simulator: SimulatorProcess, operation: str = "create_offer") -> Any:
    """Return the body of the last call."""
    return simulator.calls(operation)[-1]["body"]


def refusal(call: Callable[[], Any]) -> tuple[str, list[str]]:
    with pytest.raises(Refused) as refused:
        call()
    (error,) = refused.value.errors
    return refused.value.codes[0], error["fields"]


def buy(buyer: Shopper, payments: Any, work: Work) -> Any:
    """Say yes to the offer, pay, and let a worker confirm."""
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    order = buyer.complete()
    work()
    return order


@pytest.mark.parametrize(
    ("template", "agreed"),
    [("use: flat", FLAT), ("use: mixed", MIXED), (WITH_REGIONS, REGIONS)],
    ids=["flat", "mixed", "regions"],
)
def test_a_partners_schema_is_reached_by_settings_alone(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    use: Use,
    template: str,
    agreed: Any,
) -> None:
    # given a partner who agreed another schema: what is sent now is refused
    simulator.settings(agreed_schemas=agreed)
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    assert refusal(buyer.offer)[0] == "payload_refused"
    # when staff save a template
    use(template)
    # then the shopper gets an offer, and the policy is made
    order = buy(buyer, payments, work)
    assert order.total == TICKETS + PREMIUM
    (booking,) = bookings(simulator)
    assert booking["status"] == "CONFIRMED"


def test_every_ticket_holder_is_insured_by_name(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    use: Use,
) -> None:
    # given a partner who insures persons, and a shopper who names nobody yet
    simulator.settings(agreed_schemas=PERSONS)
    use("use: persons")
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    # when they say yes, what is missing is named, and nothing is charged
    code, fields = refusal(lambda: buyer.accept(offer))
    assert code == "insured_incomplete"
    assert fields == [
        f"insured[{number}].{name}" for number in (0, 1) for name in ("first_name", "last_name")
    ]
    assert buyer.checkout().total == TICKETS
    # when the storefront stores the names
    (line,) = checkout.ticket_lines
    names = {"first_names": "Ana, Ben", "last_names": "Diaz, Ray"}
    buyer.write_metadata(names, on=line.id)
    buy(buyer, payments, work)
    # then the policy names both
    assert len(bookings(simulator)) == 1
    (quote,) = sent(simulator, "confirm")["quotes"]
    assert [(one["first_name"], one["last_name"]) for one in quote["insured"]] == [
        ("Ana", "Diaz"),
        ("Ben", "Ray"),
    ]
    # and no name was sent before there was a policy
    assert "Ana" not in str(sent(simulator))


def test_names_that_are_emptied_after_the_yes_are_asked_for_before_the_order(
    shopper: SendShopper, store: Store, staff: Staff
) -> None:
    # given a yes with names
    staff.configure_plugin(store.usd_unpaid, {"payload": "use: persons"})
    try:
        buyer = shopper(store.usd_unpaid)
        (line,) = buyer.create_checkout({store.concert: 2}).ticket_lines
        names = {"first_names": "Ana, Ben", "last_names": "Diaz, Ray"}
        buyer.write_metadata(names, on=line.id)
        buyer.accept(buyer.offer())
        # when they are emptied, and the order is placed
        buyer.write_metadata({"first_names": ""}, on=line.id)
        with pytest.raises(Refused) as refused:
            buyer.complete()
        # then the shopper is told once, and the tickets sell without protection
        assert "everyone with a ticket" in refused.value.errors[0]["message"]
        assert buyer.complete().total == TICKETS
    finally:
        staff.configure_plugin(store.usd_unpaid, {"payload": "use: nested"})


def test_names_that_are_gone_by_the_payment_wait_for_a_person(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    use: Use,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given a yes with names, and a template that wants more by the time it is paid
    use("use: persons")
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    (line,) = checkout.ticket_lines
    names = {"first_names": "Ana, Ben", "last_names": "Diaz, Ray"}
    buyer.write_metadata(names, on=line.id)
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    order = buyer.complete()
    more = (
        "context: {}\ninsured:\n  each: tickets\n  item: {birth: {from: ticket.metadata.births}}\n"
    )
    use(more)
    # when a worker confirms
    work()
    # then nothing is sent, and staff are told which details are missing, and no name
    cover = Cover.objects.get(order_number=order.number)
    assert (cover.status, cover.reason_code) == ("parked", "policyholder_incomplete")
    assert "insured[1].birth" in cover.reason
    assert "Ana" not in cover.reason
    assert bookings(simulator) == []
    # when the template is right again, a replay makes the policy
    use("use: persons")
    store.command("xcover_replay", "--all")
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_a_sale_without_a_required_value_gets_no_offer_and_is_told_which(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, use: Use
) -> None:
    # given a template that requires what one event has
    use("context: {genre: {from: product.metadata.genre}}")
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # when
    assert refusal(buyer.offer) == ("payload_incomplete", ["context.genre"])
    # then XCover was not asked, and the tickets sell
    assert simulator.calls("create_offer") == []
    assert buyer.checkout().total == TICKETS


def test_two_events_get_no_offer_where_the_schema_knows_one(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, use: Use
) -> None:
    use("use: flat")
    buyer = shopper(store.usd)
    other = store.new_event(price="20.00", starts_at=timezone.now() + timedelta(days=60))
    buyer.create_checkout({store.concert: 2, other: 1})

    code, fields = refusal(buyer.offer)

    assert code == "payload_incomplete"
    assert fields == ["context.event_datetime"]
    assert simulator.calls("create_offer") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("context: {a: {from: event.nmae}}", "Payload template, context.a.from: there is no"),
        ("context: [", "Payload template, line 1: this is no YAML."),
        (
            "use: /etc/passwd",
            "Payload template, use: one of flat, mixed, nested, persons is wanted",
        ),
        ("use: os.system", "Payload template, use: one of flat, mixed, nested, persons is wanted"),
        ("context: !!python/name:os.system {}", "Payload template, line 1: tags are not read."),
    ],
)
def test_a_broken_template_is_refused_and_the_old_one_stays_in_force(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    simulator: SimulatorProcess,
    use: Use,
    text: str,
    sentence: str,
) -> None:
    simulator.settings(agreed_schemas=FLAT)
    use("use: flat")
    with pytest.raises(Refused) as refused:
        staff.configure_plugin(store.usd, {"payload": text})
    assert refused.value.errors[0]["message"].startswith(sentence)

    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    assert buyer.offer().quotes
    assert sent(simulator)["context"]["event_name"]


def test_a_map_that_lacks_the_invented_sale_is_no_reason_to_refuse_a_template(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, use: Use
) -> None:
    # given an engineer's codes for what this store sells in, which is no pound
    simulator.settings(agreed_schemas={"context": {}})
    genre = "{from: product.metadata.genre, map: {concert: CONCERT}, default: OTHER}"
    use(WITH_REGIONS.replace(genre, "{from: customer.currency, map: {USD: '840'}}"))

    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})

    assert buyer.offer().quotes
    assert sent(simulator)["context"]["genre"] == "840"


def test_what_xcover_refuses_is_no_lack_of_an_offer(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    use: Use,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # given a template that is not what the partner agreed
    simulator.settings(agreed_schemas=FLAT)
    use("use: nested")
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    caplog.set_level(logging.INFO, logger="saleor_xcover_plugin")

    with pytest.raises(Refused) as refused:
        buyer.offer()

    # then the code says so, and the log names the fields
    assert refused.value.codes == ("payload_refused",)
    (record,) = [each for each in caplog.records if each.message == "xcover.offer.unavailable"]
    assert any(field.startswith("context") for field in record.__dict__["fields"])


def test_a_template_that_breaks_the_partners_json_schema_is_refused_on_saving(
    store: Store, staff: Staff, use: Use
) -> None:
    use("use: flat")
    schema = json.dumps(FLAT["context"])
    staff.configure_plugin(store.usd, {"payload_schema": schema})

    with pytest.raises(Refused) as refused:
        staff.configure_plugin(store.usd, {"payload": "use: nested"})

    assert refused.value.errors[0]["message"].startswith(
        "Payload template, against its JSON Schema: context: "
    )


def test_a_new_template_asks_again_and_keeps_the_yes_at_the_same_price(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, use: Use
) -> None:
    # given a yes
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    # when the template changes
    simulator.settings(agreed_schemas=FLAT)
    use("use: flat")
    buyer.write_metadata({"note": "1"})
    # then the next look asks XCover with it, and the yes is kept
    assert buyer.offer().answer == "accepted"
    assert "event_name" in sent(simulator)["context"]
    assert buyer.checkout().total == TICKETS + PREMIUM


def test_what_only_the_template_names_makes_the_offer_another_one(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, use: Use
) -> None:
    # given an offer whose payload holds something of the checkout
    use("context: {events: [], tier: {from: checkout.metadata.tier, default: none}}")
    simulator.settings(agreed_schemas={"context": {}})
    use(WITH_REGIONS)
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2}, billing={**NEW_YORK, "countryArea": "NY"})
    buyer.write_metadata({"visit": "7"})
    buyer.offer()
    buyer.offer()
    assert len(simulator.calls("create_offer")) == 1
    # when that changes
    buyer.write_metadata({"visit": "8"})
    buyer.offer()
    # then XCover is asked about the new one
    assert sent(simulator)["partner"] == {"metadata": {"sales_channel": "web", "visit": "8"}}
    assert sent(simulator)["customer"]["region"] == "NY"
    assert len(simulator.calls("create_offer")) == 2


def test_prices_are_sent_to_the_cent(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, use: Use
) -> None:
    use("use: mixed")
    simulator.settings(agreed_schemas=MIXED)
    odd = store.new_event(price="33.33", starts_at=timezone.now() + timedelta(days=60))
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2, odd: 3})

    buyer.offer()

    context = sent(simulator)["context"]
    assert Decimal(str(context["total_tickets_price"])) == TICKETS + Decimal("99.99")
    assert [event["number_of_tickets"] for event in context["events"]] == [2, 3]
