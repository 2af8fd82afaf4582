"""Payloads from files and functions of the server, and the command that shows what is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Name = Callable[[str, str], None]
BUILDERS = "tests.flows.payload_builders"


@pytest.fixture
def name(staff: Staff, store: Store) -> Iterator[Name]:
    """A function that names a file or builder in Django's settings, and chooses it."""
    with override_settings(XCOVER_PAYLOADS={}):
        from django.conf import settings

        def choose(called: str, place: str) -> None:
            settings.XCOVER_PAYLOADS[called] = place
            staff.configure_plugin(store.usd, {"payload": f"use: {called}"})

        yield choose
        staff.configure_plugin(store.usd, {"payload": "use: nested", "payload_schema": ""})


def run(*arguments: str) -> tuple[str, int]:
    """Return output and exit code of xcover_payload."""
    out = StringIO()
    try:
        call_command("xcover_payload", *arguments, stdout=out, no_color=True)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def shown(*arguments: str) -> list[dict[str, Any]]:
    out, _ = run(*arguments, "--json")
    previews: list[dict[str, Any]] = json.loads(out)["previews"]
    return previews


def context(simulator: SimulatorProcess) -> Any:
    return simulator.calls("create_offer")[-1]["body"]["context"]


def checkout_of(shopper: SendShopper, store: Store, **metadata: str) -> Shopper:
    buyer = shopper(store.usd)
    (line,) = buyer.create_checkout({store.concert: 2}).ticket_lines
    if metadata:
        buyer.write_metadata(metadata, on=line.id)
    return buyer


def like_a_new_process() -> None:
    """Forget what this process has read of settings and files."""
    from saleor_xcover_plugin.config import payloads, settings

    payloads._FILES._read.clear()
    settings._settings.cache_clear()


# Files -----------------------------------------------------------------------------------


NESTED = """context:
  venue_kind: {kind}
  events:
    each: events
    item:
      name: {{from: event.name}}
      start_date: {{from: event.start}}
      country: {{from: event.country}}
      tickets: {{each: tickets, item: {{price: {{from: ticket.price}}}}}}
"""


def test_a_file_of_the_server_is_used_as_it_is_now(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, name: Name, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.yaml"
    file.write_text(NESTED.format(kind="hall"))
    name("tickets", str(file))
    buyer = checkout_of(shopper, store)
    buyer.offer()
    assert context(simulator)["venue_kind"] == "hall"
    # when it changes, the next look asks with it
    file.write_text(NESTED.format(kind="open air"))
    buyer.offer()
    assert context(simulator)["venue_kind"] == "open air"


def test_a_file_that_breaks_leaves_the_last_one_in_force_and_is_told(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    simulator: SimulatorProcess,
    payments: Any,
    name: Name,
    tmp_path: Path,
) -> None:
    file = tmp_path / "tickets.yaml"
    file.write_text(NESTED.format(kind="hall"))
    name("tickets", str(file))
    # when somebody breaks it
    file.write_text("context: {a: {from: nothing}}")
    buyer = checkout_of(shopper, store)
    buyer.offer()
    # then this process goes on with what it has
    assert context(simulator)["venue_kind"] == "hall"
    # and the doctor and Django's check say so
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("xcover_doctor", "--no-call", "--json", stdout=out)
    said = [each["sentence"] for each in json.loads(out.getvalue())["findings"]]
    assert any("cannot be used: context.a.from: there is no value of this name" in s for s in said)
    errors = StringIO()
    call_command("check", stdout=errors, stderr=errors)
    assert "XCOVER_PAYLOADS names tickets, which cannot be used" in errors.getvalue()
    # in a process that never read a good one, nothing is offered and nothing else breaks
    buyer_with_yes = checkout_of(shopper, store)
    buyer_with_yes.accept(buyer_with_yes.offer())
    like_a_new_process()
    with pytest.raises(Refused) as refused:
        buyer.offer()
    assert refused.value.codes == ("payload_broken",)
    assert checkout_of(shopper, store).checkout().total == TICKETS
    # a yes that was given stands through changes, and is ordered
    buyer_with_yes.write_metadata({"note": "1"})
    checkout = buyer_with_yes.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    assert buyer_with_yes.complete().total == TICKETS + PREMIUM
    # and it cannot be chosen
    with pytest.raises(Refused):
        staff.configure_plugin(store.usd, {"payload": "use: tickets"})


def test_a_broken_file_holds_up_a_confirmation_and_loses_none(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    name: Name,
    tmp_path: Path,
) -> None:
    from saleor_xcover_plugin.models import Cover, OutboxMessage

    # given a paid order, and a file that broke before the policy was made
    file = tmp_path / "tickets.yaml"
    file.write_text(NESTED.format(kind="hall"))
    name("tickets", str(file))
    buyer = checkout_of(shopper, store)
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    order = buyer.complete()
    file.write_text("[")
    like_a_new_process()
    # when a worker comes
    work()
    # then nothing is sent, and nothing is given up
    cover = Cover.objects.get(order_number=order.number)
    assert (cover.status, simulator.state()["bookings"]) == ("confirming", [])
    # when it is mended
    file.write_text(NESTED.format(kind="hall"))
    OutboxMessage.objects.update(next_attempt_at=cover.created_at)
    work()
    cover.refresh_from_db()
    assert (cover.status, cover.premium) == ("confirmed", PREMIUM)


# Builders --------------------------------------------------------------------------------


def test_a_builder_of_the_store_is_used(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess, name: Name
) -> None:
    name("seats", f"{BUILDERS}.Seats")

    checkout_of(shopper, store, seats="A1, A2").offer()

    body = simulator.calls("create_offer")[-1]["body"]
    assert body["context"]["seats"] == ["A1, A2"]
    assert body["customer"]["currency"] == "USD"


@pytest.mark.parametrize("builder", ["Broken", "Odd", "Numbered", "Endless"])
def test_a_builder_that_fails_sells_the_tickets_without_an_offer(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    name: Name,
    caplog: pytest.LogCaptureFixture,
    builder: str,
) -> None:
    choose_unchecked(name, f"{BUILDERS}.{builder}")
    buyer = checkout_of(shopper, store)

    with pytest.raises(Refused) as refused:
        buyer.offer()

    assert refused.value.codes == ("payload_incomplete",)
    assert refused.value.errors[0]["fields"] == ["builder"]
    assert simulator.calls("create_offer") == []
    assert buyer.checkout().total == TICKETS
    assert "ada@" not in caplog.text


def choose_unchecked(name: Name, place: str) -> None:
    """Choose a builder that fails only later: its example is not tried on saving."""
    from saleor_xcover_plugin.operations import payload_check

    with mock.patch.object(payload_check, "check"):
        name("ours", place)


@pytest.mark.parametrize("builder", ["Broken", "Odd", "Numbered", "Endless"])
def test_a_builder_that_fails_for_an_invented_sale_cannot_be_chosen(
    name: Name, builder: str
) -> None:
    with pytest.raises(Refused) as refused:
        name("ours", f"{BUILDERS}.{builder}")

    message = refused.value.errors[0]["message"]
    assert message.startswith("Payload template, for every sale: builder: it r")


@pytest.mark.parametrize("builder", ["Nameless", "OneText"])
def test_what_is_no_builder_cannot_be_chosen(name: Name, builder: str) -> None:
    with pytest.raises(Refused) as refused:
        name("ours", f"{BUILDERS}.{builder}")

    assert refused.value.errors[0]["message"] == (
        "Payload template, use: ours cannot be loaded (TypeError)."
    )


def test_a_builder_that_cannot_be_loaded_cannot_be_chosen(name: Name) -> None:
    with pytest.raises(Refused) as refused:
        name("ours", f"{BUILDERS}.Nowhere")

    assert refused.value.errors[0]["message"] == (
        "Payload template, use: ours cannot be loaded (ImportError)."
    )


# The command -----------------------------------------------------------------------------


def test_a_product_shows_what_would_be_sent(store: Store) -> None:
    out, code = run("--product", store.concert.sku, "--channel", store.usd.slug)

    assert code == 0
    assert out.startswith(f"{store.usd.slug}: ")
    assert '"price": 100.0' in out
    assert out.rstrip().endswith("Complete.")


def test_a_product_shows_what_is_missing(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("context: {genre: {from: product.metadata.genre}, who: {from: buyer.email}}")

    out, code = run(
        *("--product", store.concert.sku, "--channel", store.usd.slug), "--template", str(file)
    )

    assert code == 1
    assert "Missing, so that no offer is requested:" in out
    assert "context.genre  product.metadata.genre  it is empty" in out


def test_a_checkout_hides_what_says_something_about_a_person(
    shopper: SendShopper, store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("context: {who: {from: buyer.email}, n: {from: sale.ticket_count}}")
    buyer = checkout_of(shopper, store)
    arguments = ("--checkout", str(buyer.checkout_id), "--template", str(file))

    (hidden,) = shown(*arguments)
    (revealed,) = shown(*arguments, "--reveal")

    assert hidden["body"]["context"] == {"who": "[hidden]", "n": 2}
    assert revealed["body"]["context"] == {"who": "ada@example.com", "n": 2}


def test_a_checkout_shows_whom_it_would_insure_without_their_names(
    shopper: SendShopper, store: Store
) -> None:
    # given a checkout whose tickets have names
    buyer = checkout_of(shopper, store)
    (line,) = buyer.checkout().ticket_lines
    buyer.write_metadata({"first_names": "Ana, Ben", "last_names": "Diaz, Ray"}, on=line.id)
    asked = ("--checkout", buyer.checkout_id, "--template", "persons")
    # when a developer tries the shipped template that insures persons
    offer, persons = shown(*asked)
    # then both bodies are shown, the second one's persons on demand only
    assert "events" in offer["body"]["context"]
    assert persons["body"] == {"insured": "[hidden]"}
    assert "Ana" in str(shown(*asked, "--reveal")[1]["body"])
    # and names that are missing are named
    buyer.write_metadata({"first_names": ""}, on=line.id)
    (_, persons) = shown(*asked)
    assert {gap["path"] for gap in persons["missing"]} >= {"insured[0].first_name"}


def test_a_template_is_not_tried_on_an_order_whose_offer_was_made(store: Store) -> None:
    with pytest.raises(CommandError, match="an order's offer was made"):
        run("--order", "1", "--template", "flat")


def test_a_checkout_without_tickets_says_why_it_gets_no_offer(
    shopper: SendShopper, store: Store
) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.shirt: 1})

    out, code = run("--checkout", str(buyer.checkout_id))

    assert code == 1
    assert "No offer: no_tickets: " in out


def test_an_order_shows_its_confirmation_without_the_buyer(
    shopper: SendShopper, store: Store, payments: Any
) -> None:
    buyer = checkout_of(shopper, store)
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    order = buyer.complete()

    (hidden,) = shown("--order", order.number)
    (revealed,) = shown("--order", order.number, "--reveal")

    assert hidden["body"]["policyholder"] == "[hidden]"
    assert revealed["body"]["policyholder"]["email"] == "ada@example.com"
    assert hidden["body"]["partner_transaction_id"] == order.number


@pytest.mark.parametrize(
    ("sample", "code", "told"),
    [
        ({"events": [{"name": "x", "start_date": "x", "country": "GB"}]}, 1, "events[].tickets"),
        ({"event": 1}, 1, "the sample has a number, we send nothing"),
        ({"context": {"events": "x"}}, 1, "the sample has a text, we send a list"),
    ],
)
def test_a_sample_of_the_engineer_is_compared(
    tmp_path: Path, store: Store, sample: Any, code: int, told: str
) -> None:
    file = tmp_path / "sample.json"
    file.write_text(json.dumps(sample))

    out, ended = run("--example", "--channel", store.usd.slug, "--check", str(file))

    assert ended == code
    assert told in out


def test_our_own_payload_is_a_sample_without_differences(tmp_path: Path, store: Store) -> None:
    (own,) = shown("--example", "--channel", store.usd.slug, "--reveal")
    file = tmp_path / "sample.json"
    file.write_text(json.dumps(own["body"]))

    assert run("--example", "--channel", store.usd.slug, "--check", str(file))[1] == 0


@pytest.mark.parametrize("name", ["flat", "mixed", "nested", "persons"])
def test_what_a_shipped_template_sends_is_a_sample_without_differences(
    tmp_path: Path, store: Store, name: str
) -> None:
    """Whole, as the context alone, and with what only some sales have, or without it."""
    asked = ("--example", "--channel", store.usd.slug, "--template", name)
    own, *persons = (each["body"] for each in shown(*asked, "--reveal"))
    whole = {**own, **(persons[0] if persons else {})}
    bare = {part: value for part, value in own.items() if part != "partner"}
    bare["customer"] = {k: v for k, v in own["customer"].items() if k != "region"}
    file = tmp_path / "sample.json"

    for sample in (own, whole, own["context"], bare):
        file.write_text(json.dumps(sample))
        assert run(*asked, "--check", str(file)) == (mock.ANY, 0)
    if persons:
        wrong = {**whole, "insured": [{"who": "x"}]}
        file.write_text(json.dumps(wrong))
        out, code = run(*asked, "--check", str(file))
        assert (code, "insured[].who" in out) == (1, True)


def test_a_field_that_only_some_sales_have_may_be_in_the_sample(
    tmp_path: Path, store: Store
) -> None:
    asked = ("--example", "--channel", store.usd.slug, "--template", "nested")
    ((own, *_),) = [[each["body"] for each in shown(*asked, "--reveal")]]
    own["context"]["events"][0]["tickets"][0]["resale"] = True
    file = tmp_path / "sample.json"
    file.write_text(json.dumps(own))

    assert run(*asked, "--check", str(file))[1] == 0


def test_a_json_schema_is_checked(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"type": "object", "required": ["event_name"]}))

    out, code = run("--example", "--channel", store.usd.slug, "--schema", str(file))

    assert code == 1
    assert "context  the field event_name is missing" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--checkout", "nothing"], "There is no checkout nothing."),
        (["--order", "0"], "Order 0 has no protection."),
        (["--product", "nothing"], "No ticket of a product or SKU nothing is for sale"),
        (["--example", "--channel", "nothing"], "No such channel: nothing."),
        (["--example", "--template", "/nowhere.yaml"], "/nowhere.yaml: No such file"),
        (["--example", "--check", "/nowhere.json"], "/nowhere.json: No such file"),
    ],
)
def test_what_is_not_there_is_told(arguments: Sequence[str], sentence: str) -> None:
    with pytest.raises(CommandError) as error:
        run(*arguments)

    assert str(error.value).startswith(sentence)
    assert error.value.returncode == 2


@pytest.mark.parametrize("wrong", ["tickets", ["tickets"], 5])
def test_a_setting_of_the_wrong_kind_is_told_and_breaks_nothing(
    shopper: SendShopper, store: Store, wrong: object
) -> None:
    errors = StringIO()
    with override_settings(XCOVER_PAYLOADS=wrong):
        assert checkout_of(shopper, store).offer()
        call_command("check", stdout=errors, stderr=errors)

    assert "it has to be a dict of names and places" in errors.getvalue()
