"""The desk and ``xcover_event`` on the same event: one at a time, and what is newer stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError

from testkit.client.desk import Desk
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Variant
from testkit.client.values import PlacedOrder
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import asked, bookings, buy_with_cover
from testkit.work import Work

from .desk_staff import desk_of, new_user
from .test_background_event_runs import BEGIN, WITHDRAW, codes, read
from .test_cancelled_event import groups, remembered, run, slug_of
from .test_series import FIRST, SECOND, told_at_terminal

if TYPE_CHECKING:
    from testkit.rows import RowStore

NOTICE = "query Run($id: ID!) { insuranceEventRun(id: $id) { run { status notice } } }"

SendShopper = Callable[[Channel], Shopper]
Sell = Callable[..., PlacedOrder]
Begin = Callable[..., Any]


@pytest.fixture
def desk(store: RowStore, simulator: SimulatorProcess) -> Desk:
    return desk_of(new_user())


@pytest.fixture
def evenings(store: RowStore) -> list[Variant]:
    return store.new_series(price="100.00", starts=[FIRST, SECOND])


@pytest.fixture
def sell(shopper: SendShopper, store: RowStore, payments: PaymentApp, work: Work) -> Sell:
    """Return a function that sells two tickets of each variant with cover, up to the policy."""

    def sold(*variants: Variant) -> PlacedOrder:
        order, _ = buy_with_cover(shopper(store.usd), payments, dict.fromkeys(variants, 2))
        work()
        return order

    return sold


@pytest.fixture
def begin(desk: Desk) -> Begin:
    """Return a function that begins a run for performances of one product."""

    def begun(variants: list[Variant], change: str, policies: int, **more: Any) -> Any:
        return desk.ask(
            BEGIN,
            product=slug_of(variants[0]),
            variants=[key(variant.id) for variant in variants],
            change=change,
            policies=policies,
            **more,
        )

    return begun


@pytest.fixture
def at_question(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that puts a person before the terminal.

    They do something before they answer the question about the refunds.
    """

    def sits(answer: str, meanwhile: Callable[[], object]) -> None:
        def say(question: str) -> str:
            if "cannot be undone" not in question:
                return "1"
            meanwhile()
            return answer

        monkeypatch.setattr("builtins.input", say)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    return sits


def evening(variant: Variant) -> tuple[str, str, str]:
    return (slug_of(variant), "--performance", variant.sku)


def records() -> dict[str, datetime | None]:
    """Return what is recorded of each event, by variant: its new start, or None if cancelled."""
    from saleor_xcover_plugin.models import EventChange

    return dict(EventChange.objects.values_list("variant", "starts_at"))


def statuses(simulator: SimulatorProcess) -> list[str]:
    return [booking["status"] for booking in bookings(simulator)]


CHANGES = {
    "cancelled": ("--cancelled",),
    "moved": ("--moved-to", (SECOND + timedelta(days=7)).isoformat()),
    "takes place": ("--takes-place",),
}


@pytest.mark.parametrize("which", [0, 1], ids=["its evening", "another evening of its policy"])
@pytest.mark.parametrize("change", CHANGES)
def test_the_command_leaves_the_policies_of_a_run_alone(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
    change: str,
    which: int,
) -> None:
    # given a policy for two evenings, and a run for the first that waits for a decision
    sell(*evenings)
    started = begin([evenings[0]], "CANCELLED", 1)
    work()
    work()
    shown = read(desk, started)
    told = records()
    # when somebody tells something else in a terminal
    with pytest.raises(CommandError) as caught:
        run(*evening(evenings[which]), *CHANGES[change], "--confirm", "1")
    # then it is refused, and the run is named
    assert caught.value.returncode == 2
    assert f"A run of the desk works on policies of this event: {shown['label']}" in str(
        caught.value
    )
    assert str(caught.value).endswith("first. Nothing was changed.")
    assert (records(), read(desk, started)["status"]) == (told, "ASKED")
    assert "confirm_cancellation" not in asked(simulator)
    # and to look is allowed
    data, code, _ = run(*evening(evenings[which]))
    assert (groups(data), code) == ({"not asked: some_events_cancelled": (1, "0.00")}, 0)


def test_the_desk_begins_nothing_while_the_command_works(
    sell: Sell,
    begin: Begin,
    evenings: list[Variant],
    at_question: Callable[..., None],
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import EventCommand, EventRun

    # given a policy, and a person at the command's last question
    sell(evenings[0])
    met: list[Any] = []
    at_question("1", lambda: met.append(begin([evenings[0]], "TAKES_PLACE", 1)))
    # when somebody begins a run in the desk before they answer
    code, _ = told_at_terminal(*evening(evenings[0]), "--cancelled")
    # then that is refused, and says by what
    (refused,) = met
    assert codes(refused) == ["UNDER_WAY"]
    (error,) = refused["errors"]
    assert error["message"].startswith("xcover_event works on policies of this event in a terminal")
    assert evenings[0].sku in error["message"]
    assert EventRun.objects.count() == 0
    # and the command has done its work, and keeps nobody away any more
    assert (code, statuses(simulator)) == (0, ["CANCELLED"])
    assert EventCommand.objects.count() == 0
    assert codes(begin([evenings[0]], "TAKES_PLACE", 0)) == []


def test_a_command_that_was_killed_keeps_the_desk_away_for_minutes_only(
    sell: Sell, begin: Begin, evenings: list[Variant]
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import EventCommand
    from saleor_xcover_plugin.staff.event_changes import covers_of
    from saleor_xcover_plugin.staff.event_locks import ALIVE, CommandAtWork

    # given a command on the first evening that was killed
    sell(*evenings)
    first = [key(evenings[0].id)]
    CommandAtWork(first, covers_of(first), "first evening", utc_now)
    # when a run is begun for another evening of one of its policies
    (error,) = begin([evenings[1]], "CANCELLED", 1)["errors"]
    # then it says until when that is refused
    (dead,) = EventCommand.objects.all()
    assert error["code"] == "UNDER_WAY"
    assert f"if it was killed, until {dead.alive_until:%H:%M} UTC." in error["message"]
    assert dead.alive_until - dead.created_at == ALIVE
    # and another command is not kept away, nor is the desk, once the time is over
    _, code, _ = run(*evening(evenings[1]), "--takes-place", "--confirm", "1")
    assert code == 0
    EventCommand.objects.update(alive_until=utc_now())
    assert codes(begin([evenings[1]], "CANCELLED", 1)) == []
    assert EventCommand.objects.count() == 0


@pytest.mark.parametrize("answer", ["1", "no"])
def test_an_answer_that_took_too_long_gives_way_to_a_run(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    at_question: Callable[..., None],
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    # given a person at the command's last question, for so long that a run could begin
    sell(evenings[0])
    monkeypatch.setattr("saleor_xcover_plugin.staff.event_locks.ALIVE", timedelta(0))
    met: list[Any] = []
    at_question(answer, lambda: met.append(begin([evenings[0]], "CANCELLED", 1)))
    # when they answer
    with pytest.raises(CommandError) as caught:
        told_at_terminal(*evening(evenings[0]), "--cancelled")
    # then the event and its policies are left to the run
    (started,) = met
    assert (codes(started), caught.value.returncode) == ([], 2)
    assert str(caught.value).endswith("What this command did before stays: look again, and decide "
                                      "in the desk.")  # fmt: skip
    assert records() == {key(evenings[0].id): None}
    assert "confirm_cancellation" not in asked(simulator)
    work()
    work()
    assert read(desk, started)["refundable"] == 1


def test_a_no_in_the_terminal_leaves_what_was_told_meanwhile(
    sell: Sell, evenings: list[Variant], at_question: Callable[..., None]
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.staff.event_changes import tell_moved

    # given that another command tells that the evening is moved while this one asks
    sell(evenings[0])
    at_question("no", lambda: tell_moved([key(evenings[0].id)], SECOND, utc_now()))
    # when the refunds are not approved
    code, told = told_at_terminal(*evening(evenings[0]), "--cancelled")
    # then the evening stays moved, and that is said
    assert (code, records()) == (3, {key(evenings[0].id): SECOND})
    assert f"Something else was told of {evenings[0].sku} meanwhile: that stays as it is" in told


@pytest.mark.parametrize(
    ("changed", "notice"),
    [
        (
            [1],
            "Something else was told of 1 of 2 tickets since it began: that stays as it is. The "
            "others are as they were before.",
        ),
        ([0, 1], "Something else was told of the event since it began: that stays as it is."),
        ([], None),
    ],
)
def test_a_withdrawal_takes_back_only_what_its_run_told(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    changed: list[int],
    notice: str | None,
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.staff.event_changes import tell_moved

    # given that both evenings were moved, and a run as both are cancelled
    keys = [key(variant.id) for variant in evenings]
    sell(evenings[0])
    first, later = SECOND + timedelta(days=7), SECOND + timedelta(days=14)
    tell_moved(keys, first, utc_now())
    started = begin(evenings, "CANCELLED", 1)
    work()
    work()
    assert desk.ask(NOTICE, id=started["run"]["id"])["run"] == {"status": "ASKED", "notice": None}
    # and that something newer is known of some
    tell_moved([keys[number] for number in changed], later, utc_now())
    # when the run is taken back
    desk.ask(WITHDRAW, id=started["run"]["id"])
    work()
    # then that stands, the others are as before, and the run says so
    assert records() == {keys[number]: later if number in changed else first for number in range(2)}
    shown = desk.ask(NOTICE, id=started["run"]["id"])["run"]
    assert shown == {"status": "WITHDRAWN", "notice": notice}


def test_an_evening_that_takes_place_by_now_is_not_cancelled_by_a_withdrawal(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.staff.event_changes import tell_takes_place

    # given a run for an evening that was cancelled already
    sell(evenings[0])
    simulator.settings(refund_rule="zero")
    run(*evening(evenings[0]), "--cancelled", "--confirm", "1")
    started = begin([evenings[0]], "CANCELLED", 1)
    work()
    # and the news that it takes place
    tell_takes_place([key(evenings[0].id)])
    # when the run is taken back
    desk.ask(WITHDRAW, id=started["run"]["id"])
    work()
    # then the evening takes place
    assert (remembered(), read(desk, started)["status"]) == (0, "WITHDRAWN")
