"""``xcover_cancellation``: what staff decide, from a shell."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from testkit.client.staff import Staff
from testkit.simulator import SimulatorProcess
from testkit.steps import Sale, asked, bookings
from testkit.work import Work


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("xcover_cancellation", *arguments, stdout=out)
    return out.getvalue()


def waiting() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(run("list", "--json"))["waiting"]
    return rows


def test_asked_listed_approved(sale: Sale, work: Work, simulator: SimulatorProcess) -> None:
    # given nothing waits
    assert run("list") == "Nothing waits for a decision.\n"
    # when staff ask
    assert "look again" in run("ask", sale.order.number)
    with pytest.raises(CommandError, match="under_way"):
        run("ask", sale.order.number)
    work()
    # then the answer waits, for people and machines
    (row,) = waiting()
    assert (row["order"], row["policy"]) == (sale.order.number, sale.booking_id)
    assert (row["rule"], row["refund"]) == ("staff", "6.66 USD")
    assert "would refund the whole premium of 6.66 USD" in run("list")
    # when it is approved, not with another sum
    with pytest.raises(CommandError, match=r"refund_changed: XCover would refund 6\.66 USD"):
        run("approve", str(row["id"]), "6.60", "USD")
    assert "cancelled for a refund of 6.66 USD" in run("approve", str(row["id"]), "6.66", "usd")
    work()
    # then
    assert bookings(simulator)[0]["status"] == "CANCELLED"
    assert asked(simulator)["confirm_cancellation"] == 1
    assert waiting() == []


def test_kept_and_claimed(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    staff.cancel(sale.order.id)
    work()
    (row,) = waiting()

    assert run("keep", str(row["id"])) == "The policy stays in force.\n"
    assert run("claim", sale.order.number, "open") == "Noted: open.\n"

    assert waiting() == []
    assert bookings(simulator)[0]["status"] == "CONFIRMED"
    with pytest.raises(CommandError, match="not_waiting"):
        run("keep", str(row["id"]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ask", "0"), "Order 0 has no protection"),
        (("keep", "0"), "cancellation_not_found"),
        (("approve", "1", "much", "USD"), "such as 6.66 and USD"),
        (("claim", "1", "perhaps"), "invalid choice"),
    ],
)
def test_bad_arguments_change_nothing(
    sale: Sale, simulator: SimulatorProcess, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)

    assert "cancel" not in asked(simulator)
