"""The buyer's details are corrected in the order after the policy was made.

What costs nothing is previewed and applied once; anything else waits for a person. The policy
stays in force throughout, and nobody's name, e-mail or phone is written down on the way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN, EMAIL, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL, Sale, accept_cover, asked, bookings, sell_with_cover
from testkit.work import Work

from .waits import let_waits_pass

SOLD = {"create_offer": 1, "confirm": 1}
APPLIED_ONCE = {**SOLD, "preview_modification": 1, "confirm_modification": 1}
PHONE, OTHER_PHONE = "+12125550177", "+12125550188"
NEW_PHONE = {**NEW_YORK, "phone": PHONE}
OTHER_NEW_PHONE = {**NEW_YORK, "phone": OTHER_PHONE}
BOSTON = {**NEW_YORK, "city": "Boston", "postalCode": "02108", "countryArea": "MA"}
ADA_IN_BERLIN = {**BERLIN, "firstName": "Ada", "lastName": "Example", "countryArea": ""}
AS_BOUGHT = {
    "first_name": "Ada",
    "last_name": "Example",
    "email": EMAIL,
    "phone": NEW_YORK["phone"],
    "country": "US",
    "city": "New York",
    "postcode": "10001",
    "region": "NY",
}


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


@pytest.fixture
def sale(
    buyer: Shopper, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> Sale:
    return sell_with_cover(buyer, store, payments, work, simulator)


@pytest.fixture
def edit(staff: Staff, sale: Sale) -> Callable[..., None]:
    """Edit the order of the sale as staff do in the dashboard."""

    def update(billing: Mapping[str, str] | None = None, email: str | None = None) -> None:
        staff.update_order(sale.order.id, billing=billing, email=email)

    return update


@pytest.fixture
def changes(staff: Staff, sale: Sale) -> Callable[[], list[str]]:
    """Return what the order's history says about changes of the policy."""

    def notes() -> list[str]:
        return [note for note in staff.order(sale.order.id).notes if "confirmed, prem" not in note]

    return notes


def insured(simulator: SimulatorProcess) -> dict[str, Any]:
    """Return whom the one policy insures at XCover, in the fields the plugin sends."""
    (booking,) = bookings(simulator)
    return as_typed({name: booking["policyholder"][name] for name in AS_BOUGHT})


def sent(simulator: SimulatorProcess) -> list[Any]:
    """Return what XCover was asked to change, whatever else its bodies may hold."""
    bodies = [call["body"] for call in simulator.calls("preview_modification")]
    return [{**body, "policyholder": as_typed(body["policyholder"])} for body in bodies]


def as_typed(holder: dict[str, Any]) -> dict[str, Any]:
    """Saleor writes cities of the United States in capitals."""
    return {name: text.title() if name == "city" else text for name, text in holder.items()}


def move_event(starts_at: datetime) -> None:
    """Let the organiser move the insured event."""
    from saleor_xcover_plugin.models import Offer
    from saleor_xcover_plugin.staff.event_changes import tell_moved

    (offer,) = Offer.objects.all()
    tell_moved(list(offer.request["tickets"]), starts_at, datetime.now(UTC))


def statuses() -> list[str]:
    from saleor_xcover_plugin.models import Modification

    return list(Modification.objects.order_by("pk").values_list("status", flat=True))


def parked_kinds() -> list[str]:
    from saleor_xcover_plugin.operations import status

    return [row["kind"] for row in status.parked()]


def cost(simulator: SimulatorProcess, operation: str, amount: Decimal) -> None:
    """Have XCover change the price with its next answer."""
    simulator.fault(operation, "price_drift", amount=amount)


@pytest.mark.trace
def test_a_corrected_phone_is_previewed_and_applied_once(
    sale: Sale, buyer: Shopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # when
    staff.update_order(sale.order.id, billing=NEW_PHONE)
    in_the_request = asked(simulator)
    work()
    work()
    # then
    assert in_the_request == SOLD
    assert asked(simulator) == APPLIED_ONCE
    assert sent(simulator) == [{"policyholder": {"phone": PHONE}}]
    assert insured(simulator) == {**AS_BOUGHT, "phone": PHONE}
    assert statuses() == ["applied"]
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("confirmed", Decimal(0))
    assert staff.order(sale.order.id).has_note(f"the buyer's phone was changed in {_policy(sale)}.")


def _policy(sale: Sale) -> str:
    return f"policy {sale.booking_id}"


@pytest.mark.parametrize(
    ("billing", "email", "body", "words"),
    [
        pytest.param(
            None, "new@example.com", {"email": "new@example.com"}, "e-mail was", id="e-mail"
        ),
        pytest.param(
            {**NEW_YORK, "firstName": "Augusta", "lastName": "Lovelace"},
            None,
            {"first_name": "Augusta", "last_name": "Lovelace"},
            "first name and last name were",
            id="name",
        ),
        pytest.param(
            BOSTON,
            None,
            {"city": "Boston", "postcode": "02108", "region": "MA"},
            "city, postcode and region were",
            id="address",
        ),
        pytest.param(
            NEW_PHONE,
            "new@example.com",
            {"email": "new@example.com", "phone": PHONE},
            "e-mail and phone were",
            id="both",
        ),
    ],
)
def test_only_changed_fields_are_sent(
    edit: Callable[..., None],
    sale: Sale,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
    billing: Mapping[str, str] | None,
    email: str | None,
    body: dict[str, str],
    words: str,
) -> None:
    edit(billing, email)

    work()
    work()

    assert sent(simulator) == [{"policyholder": body}]
    assert asked(simulator) == APPLIED_ONCE
    assert insured(simulator) == {**AS_BOUGHT, **body}
    assert changes() == [f"XCover: the buyer's {words} changed in {_policy(sale)}."]


def test_a_street_is_not_xcovers_business(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    edit({**NEW_YORK, "streetAddress1": "2 Example Street"})
    work()

    assert asked(simulator) == SOLD
    assert statuses() == []
    assert changes() == []


def test_an_order_saved_again_and_again_is_one_change(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    # when saved twice before and twice after it was sent
    edit(NEW_PHONE)
    edit(NEW_PHONE)
    work()
    edit(NEW_PHONE)
    edit(None, EMAIL)
    work()
    # then
    assert statuses() == ["applied"]
    assert asked(simulator) == APPLIED_ONCE


def test_a_change_that_no_hook_told_is_found(
    edit: Callable[..., None],
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.plugin import XCoverPlugin

    # given
    with monkeypatch.context() as deaf:
        deaf.setattr(XCoverPlugin, "order_updated", _deaf)
        edit(NEW_PHONE)
    assert statuses() == []
    # when
    work()
    # then
    assert insured(simulator)["phone"] == PHONE


def _deaf(_plugin: Any, _order: Any, previous_value: Any = None, **_: Any) -> Any:
    return previous_value


@pytest.mark.parametrize("difference", [Decimal("0.01"), Decimal("-0.01")])
def test_a_change_that_costs_anything_waits_for_a_person(
    edit: Callable[..., None],
    buyer: Shopper,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
    difference: Decimal,
) -> None:
    # given
    cost(simulator, "preview_modification", difference)
    # when
    edit(NEW_PHONE)
    work()
    edit(NEW_PHONE)
    work()
    # then nothing is applied, it is asked once, and staff know
    assert asked(simulator) == {**SOLD, "preview_modification": 1}
    assert insured(simulator) == AS_BOUGHT
    assert statuses() == ["parked"]
    assert parked_kinds() == ["modification"]
    assert changes() == [
        f"XCover: XCover would change the price, in all by {difference} USD, for the buyer's "
        "changed phone. The policy was not changed; ask Cover Genius what to do."
    ]
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_a_price_that_changes_only_when_applied_is_told_to_a_person(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    cost(simulator, "confirm_modification", Decimal("1.00"))
    edit(NEW_PHONE)

    work()
    work()

    assert statuses() == ["parked"]
    (note,) = changes()
    assert "in all by 1.00 USD, although the preview was free" in note


def test_a_policy_that_shows_something_else_after_the_change_is_told_to_a_person(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given XCover says yes and keeps what it had
    simulator.settings(fields_ignored_on_update=["phone"])
    # when
    edit(NEW_PHONE)
    work()
    work()
    # then
    assert statuses() == ["parked"]
    (note,) = changes()
    assert "shows something else than the order" in note


def test_a_refusal_names_the_fields_and_a_replay_asks_again(
    edit: Callable[..., None],
    store: Store,
    sale: Sale,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    simulator.settings(fields_refused_on_update=["phone"])
    # when
    edit(NEW_PHONE)
    work()
    work()
    # then
    assert asked(simulator) == {**SOLD, "preview_modification": 1}
    assert statuses() == ["parked"]
    assert sorted(parked_kinds()) == ["message preview_modification", "modification"]
    (note,) = changes()
    assert note.startswith("XCover: XCover did not change the buyer's phone (preview_modification")
    assert "Fields named: policyholder.phone." in note
    # when Cover Genius allows it, and a person has it sent again
    simulator.settings(fields_refused_on_update=[])
    store.command("xcover_replay", "--all")
    work()
    work()
    # then it begins with a preview of its own, under another key
    assert statuses() == ["dropped", "applied"]
    assert insured(simulator)["phone"] == PHONE
    keys = {call["idempotency_key"] for call in simulator.calls("preview_modification")}
    assert len(keys) == 2
    assert parked_kinds() == []
    assert len(changes()) == 2


def test_a_preview_that_lapsed_is_parked_and_previewed_again_on_replay(
    edit: Callable[..., None], store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    simulator.fault("confirm_modification", "status", status=404)
    edit(NEW_PHONE)
    work()
    work()
    assert statuses() == ["parked"]
    assert insured(simulator) == AS_BOUGHT
    # when
    store.command("xcover_replay", "--all")
    work()
    work()
    # then
    assert statuses() == ["dropped", "applied"]
    assert insured(simulator)["phone"] == PHONE
    assert len(simulator.calls("preview_modification")) == 2


@pytest.mark.parametrize("operation", ["preview_modification", "confirm_modification"])
@pytest.mark.parametrize("kind", ["reset", "reset_after", "html", "malformed", "locked"])
def test_the_change_survives_a_fault_at_each_step(
    edit: Callable[..., None],
    sale: Sale,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
    operation: str,
    kind: str,
) -> None:
    # given
    simulator.fault(operation, kind)
    edit(NEW_PHONE)
    # when
    for _ in range(4):
        work()
        let_waits_pass()
    # then it is applied once, and each step kept its key
    assert statuses() == ["applied"]
    assert insured(simulator)["phone"] == PHONE
    assert len(changes()) == 1
    for step in ("preview_modification", "confirm_modification"):
        assert len({call["idempotency_key"] for call in simulator.calls(step)}) == 1
    applied = [c for c in simulator.calls("confirm_modification") if c["status"] == 201]
    assert len(applied) <= 1


def test_an_answer_lost_for_good_is_found_in_the_policy(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    # given XCover applied the change and nobody heard it
    simulator.fault("confirm_modification", "reset_after")
    edit(NEW_PHONE)
    work()
    work()
    assert statuses() == ["confirming"]
    # when
    let_waits_pass()
    work()
    # then one look was enough
    assert statuses() == ["applied"]
    assert asked(simulator) == {**APPLIED_ONCE, "get_booking": 1}


def test_a_look_that_is_refused_says_nothing_about_the_change(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    # given XCover applied the change, nobody heard it, and then it does not know the policy
    simulator.fault("confirm_modification", "reset_after")
    simulator.fault("get_booking", "status", times=1, status=404)
    edit(NEW_PHONE)
    work()
    work()
    # when
    let_waits_pass()
    work()
    # then it is still unknown
    assert statuses() == ["confirming"]
    let_waits_pass()
    work()
    assert statuses() == ["applied"]
    assert asked(simulator) == {**APPLIED_ONCE, "get_booking": 2}


def test_a_change_taken_back_after_a_lost_answer_is_not_left_in_the_policy(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    # given XCover applied the change and nobody heard it
    simulator.fault("confirm_modification", "reset_after")
    edit(NEW_PHONE)
    work()
    work()
    assert insured(simulator)["phone"] == PHONE
    # when the buyer has the old number again
    edit(NEW_YORK)
    let_waits_pass()
    for _ in range(3):
        work()
    # then the policy has it, too
    assert statuses() == ["dropped", "applied"]
    assert insured(simulator) == AS_BOUGHT


def test_a_change_taken_back_before_it_was_sent_is_never_sent(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    edit(NEW_PHONE)
    edit(NEW_YORK)

    work()
    work()

    assert asked(simulator) == SOLD
    assert statuses() == ["dropped"]
    assert changes() == []


def test_there_and_back_and_there_again_is_three_changes(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    for billing in (NEW_PHONE, NEW_YORK, NEW_PHONE):
        edit(billing)
        work()
        work()

    assert statuses() == ["applied"] * 3
    assert insured(simulator)["phone"] == PHONE
    keys = {call["idempotency_key"] for call in simulator.calls("confirm_modification")}
    assert len(keys) == 3


def test_a_second_change_waits_for_the_first(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    # given a first change that is previewed and cannot be applied yet
    simulator.fault("confirm_modification", "reset")
    edit(NEW_PHONE)
    work()
    # when the buyer corrects the phone again, and the e-mail
    edit(OTHER_NEW_PHONE, "new@example.com")
    assert statuses() == ["confirming"]
    let_waits_pass()
    for _ in range(4):
        work()
    # then the first is not sent any more, and the second says all
    assert statuses() == ["dropped", "applied"]
    assert sent(simulator)[-1] == {
        "policyholder": {"email": "new@example.com", "phone": OTHER_PHONE}
    }
    assert insured(simulator) == {
        **AS_BOUGHT,
        "email": "new@example.com",
        "phone": OTHER_PHONE,
    }


def test_two_changes_one_after_the_other_are_both_applied(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    edit(NEW_PHONE)
    work()
    work()
    edit(None, "new@example.com")
    work()
    work()

    assert statuses() == ["applied", "applied"]
    assert sent(simulator) == [
        {"policyholder": {"phone": PHONE}},
        {"policyholder": {"email": "new@example.com"}},
    ]


def test_a_parked_change_ends_when_the_order_is_as_before(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    cost(simulator, "preview_modification", Decimal("2.00"))
    edit(NEW_PHONE)
    work()
    assert parked_kinds() == ["modification"]
    # when
    edit(NEW_YORK)
    work()
    # then
    assert statuses() == ["dropped"]
    assert parked_kinds() == []
    assert len(changes()) == 2
    assert "Nothing needs to be decided." in changes()[1]
    assert asked(simulator) == {**SOLD, "preview_modification": 1}


def test_a_parked_change_ends_when_cover_genius_made_it_by_hand(
    edit: Callable[..., None],
    sale: Sale,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.operations.webhook_inbox import sync_with_booking

    # given
    cost(simulator, "preview_modification", Decimal("2.00"))
    edit(NEW_PHONE)
    work()
    cover = Cover.objects.get(booking_id=sale.booking_id)
    assert sync_with_booking(cover, utc_now) == "nothing to do"
    # when Cover Genius changes the policy, and its webhook has us look
    change_at_xcover(cover, {"phone": PHONE})
    assert sync_with_booking(cover, utc_now) == "change adopted"
    edit(NEW_PHONE)
    work()
    # then
    assert statuses() == ["applied"]
    assert parked_kinds() == []
    assert changes()[-1] == f"XCover: the buyer's phone was changed in {_policy(sale)}."
    assert len(simulator.calls("preview_modification")) == 1


def change_at_xcover(cover: Any, fields: dict[str, str]) -> None:
    """Change the policy without the plugin's own work."""
    from saleor_xcover_plugin.host import configuration
    from saleor_xcover_plugin.outbox.clients import client_for
    from saleor_xcover_plugin.xcover.payloads import policyholder_update_body

    client_for(configuration.settings_of(cover.channel_id)).modify_booking(
        cover.booking_id, policyholder_update_body(fields), idempotency_key="by-hand", preview=False
    )


def test_a_change_made_while_the_policy_was_being_made_reaches_it(
    buyer: Shopper,
    store: Store,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy XCover made and nobody heard of
    checkout, _ = accept_cover(buyer, store)
    payments.charge(checkout.id, checkout.total)
    order = buyer.complete()
    simulator.fault("confirm", "reset_after")
    work()
    # when the phone is corrected before it is asked for again
    staff.update_order(order.id, billing=NEW_PHONE)
    let_waits_pass()
    for _ in range(3):
        work()
    # then
    assert statuses() == ["applied"]
    assert insured(simulator) == {**AS_BOUGHT, "phone": PHONE}


def test_a_change_that_kills_its_workers_is_parked(
    edit: Callable[..., None],
    store: Store,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage
    from saleor_xcover_plugin.outbox.message_queue import MAX_CRASHES

    # given
    edit(NEW_PHONE)
    OutboxMessage.objects.filter(status="pending").update(
        crash_count=MAX_CRASHES - 1, leased_until=datetime.now(UTC)
    )
    # when
    work()
    # then
    assert asked(simulator) == SOLD
    assert statuses() == ["parked"]
    (note,) = changes()
    assert "workers in a row died while they called XCover (preview modification" in note
    # when a person replays it
    store.command("xcover_replay", "--all")
    work()
    work()
    # then
    assert asked(simulator) == APPLIED_ONCE
    assert statuses() == ["applied"]


def test_another_country_is_never_sent(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    edit(ADA_IN_BERLIN)

    work()
    edit(ADA_IN_BERLIN)
    work()

    assert asked(simulator) == SOLD
    assert statuses() == ["parked"]
    (note,) = changes()
    assert note.startswith(
        "XCover: The buyer's phone, country, city, postcode and region changed in the order. The "
        "country decides price and terms, so nothing was sent"
    )


def test_a_policy_needs_a_phone(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # when the phone is taken out
    edit({**NEW_YORK, "phone": ""})
    work()
    # then
    assert asked(simulator) == SOLD
    assert statuses() == ["parked"]
    (note,) = changes()
    assert note.endswith(
        "but the policy needs the buyer's phone. Nothing was sent; complete the order's address."
    )
    # when another is written in
    edit(NEW_PHONE)
    work()
    work()
    # then
    assert statuses() == ["dropped", "applied"]
    assert insured(simulator)["phone"] == PHONE


def test_after_the_event_has_begun_nothing_is_sent(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given one change on its way when the event begins, and one after it
    edit(NEW_PHONE)
    move_event(datetime.now(UTC))
    work()
    edit(OTHER_NEW_PHONE)
    work()
    # then
    assert asked(simulator) == SOLD
    assert statuses() == ["dropped"]
    assert changes() == []


def test_a_moved_event_keeps_its_policies_changeable_until_it_begins(
    edit: Callable[..., None], work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given an event that was to begin an hour ago, and was put off in time
    past = datetime.now(UTC) - timedelta(hours=1)
    (offer,) = Offer.objects.all()
    starts = dict.fromkeys(offer.request["tickets"], past.isoformat())
    offer.save_fields(past, event_starts_at=past, request={**offer.request, "starts": starts})
    move_event(datetime.now(UTC) + timedelta(days=7))
    # when
    edit(NEW_PHONE)
    work()
    work()
    # then
    assert statuses() == ["applied"]
    assert insured(simulator)["phone"] == PHONE


def test_a_policy_that_is_being_cancelled_is_left_alone(
    edit: Callable[..., None],
    sale: Sale,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a change on its way when the order is refunded, and one after it
    edit(NEW_PHONE)
    payments.refund(sale.payment, TOTAL)
    edit(OTHER_NEW_PHONE)
    # when
    for _ in range(3):
        work()
    edit(NEW_PHONE)
    work()
    # then
    assert asked(simulator) == {**SOLD, "cancel": 1, "confirm_cancellation": 1}
    assert statuses() == ["dropped"]
    assert parked_kinds() == []


def test_a_cancelled_policy_ends_what_waited_for_a_person(
    edit: Callable[..., None],
    sale: Sale,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    edit({**NEW_YORK, "phone": ""})
    assert statuses() == ["parked"]

    payments.refund(sale.payment, TOTAL)
    work()
    work()

    assert [b["status"] for b in bookings(simulator)] == ["CANCELLED"]
    assert statuses() == ["dropped"]
    assert parked_kinds() == []


def test_xcover_down_and_back(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    simulator.fault("*", "status", None, status=503)
    edit(NEW_PHONE)
    for _ in range(8):
        work()
        let_waits_pass()
    assert statuses() == ["requested"]
    assert changes() == []
    # when
    simulator.clear_faults()
    for _ in range(3):
        let_waits_pass()
        work()
    # then
    assert statuses() == ["applied"]
    assert insured(simulator)["phone"] == PHONE
    assert len(changes()) == 1


def test_refused_credentials_wait_for_working_ones(
    edit: Callable[..., None], store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    simulator.fault("preview_modification", "status", status=403)
    edit(NEW_PHONE)
    work()
    work()
    assert len(simulator.calls("preview_modification")) == 1

    staff.configure_plugin(store.usd, {"partner_code": "ABCDE"})
    work()
    work()

    assert statuses() == ["applied"]


def test_xcover_silent_for_a_day_is_parked_and_replayed_with_its_key(
    edit: Callable[..., None],
    store: Store,
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind
    from saleor_xcover_plugin.models import OutboxMessage

    # given XCover applied the change, nobody heard it, and the last look for it fails, too
    simulator.fault("confirm_modification", "reset_after")
    simulator.fault("get_booking", "reset")
    edit(NEW_PHONE)
    work()
    pending = OutboxMessage.objects.filter(status="pending")
    assert (
        pending.update(attempts=DELIVERY[MessageKind("confirm_modification")].max_attempts - 1) == 1
    )
    let_waits_pass()
    work()
    assert statuses() == ["parked"]
    (note,) = changes()
    assert "it may or may not have changed the buyer's phone in policy" in note
    # when
    store.command("xcover_replay", "--all")
    let_waits_pass()
    work()
    # then
    assert statuses() == ["applied"]
    assert parked_kinds() == []
    assert len(simulator.calls("confirm_modification")) == 1


def test_a_secret_key_that_was_rotated_changes_nothing(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from django.conf import settings
    from django.test.utils import override_settings

    # given the old key is kept as a fallback
    rotated = {"SECRET_KEY": "another-key", "SECRET_KEY_FALLBACKS": [settings.SECRET_KEY]}
    with override_settings(**rotated):
        # when something that is no change of the buyer's details is saved
        edit({**NEW_YORK, "streetAddress1": "2 Example Street"})
        work()
        assert asked(simulator) == SOLD
        # when something is
        edit(NEW_PHONE)
        work()
        work()
    # then
    assert sent(simulator) == [{"policyholder": {"phone": PHONE}}]
    assert statuses() == ["applied"]
    assert len(changes()) == 1


def test_a_secret_key_that_is_lost_is_said_once(
    edit: Callable[..., None],
    changes: Callable[[], list[str]],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given hashes made with a key nobody has any more
    known = Cover.objects.get().policyholder_digests
    Cover.objects.update(policyholder_digests=dict.fromkeys(known, "0" * 64))
    # when
    edit({**NEW_YORK, "streetAddress1": "2 Example Street"})
    edit({**NEW_YORK, "streetAddress1": "3 Example Street"})
    work()
    # then
    assert asked(simulator) == SOLD
    assert statuses() == []
    (note,) = changes()
    assert "SECRET_KEY was replaced" in note


def test_nobodys_details_are_written_down(
    edit: Callable[..., None],
    sale: Sale,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from django.apps import apps
    from django.core import serializers

    # given
    caplog.set_level(logging.DEBUG, logger="saleor_xcover_plugin")
    private = ["Augusta", "Lovelace", "lovelace@example.com", PHONE, "Boston", "02108"]
    person = {**BOSTON, "firstName": "Augusta", "lastName": "Lovelace", "phone": PHONE}
    # when one change is applied and one is refused
    edit(person, "lovelace@example.com")
    work()
    work()
    simulator.fault("preview_modification", "status", status=422, message=f"{PHONE} is bad")
    edit({**person, "phone": OTHER_PHONE})
    work()
    assert statuses() == ["applied", "parked"]
    # then neither log nor note nor any row of ours has a word of it
    written = [str(record.__dict__) for record in caplog.records if "xcover" in record.name]
    rows = [
        serializers.serialize("json", model._default_manager.all())
        for model in apps.get_app_config("saleor_xcover_plugin").get_models()
    ]
    notes = staff.order(sale.order.id).notes
    assert len(notes) == 3
    for text in (*written, *rows, *notes):
        said = text.casefold()
        assert [word for word in (*private, OTHER_PHONE) if word.casefold() in said] == []
