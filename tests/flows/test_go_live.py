"""``xcover_go_live``: XCover's acceptance cases; no policy of theirs is left in force."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from demo.client.store import Channel, Store
from demo.seed import PARTNER
from demo.simulator import SimulatorProcess

from .steps import asked, bookings

ALL = [
    "credentials",
    "clock",
    "wrong signature",
    "offer",
    "markets",
    "two events",
    "opt-out",
    "policy",
    "policy once",
    "read back",
    "correction",
    "cancellation preview",
    "cancellation",
    "cancelled once",
]
BINDING = ALL[7:]


@pytest.fixture
def channel(
    store: Store, simulator: SimulatorProcess, sell_insurance: Callable[[Channel], Channel]
) -> Channel:
    made = sell_insurance(store.new_channel())
    simulator.reset()
    return made


@pytest.fixture
def go_live(channel: Channel) -> Callable[..., tuple[dict[str, str], dict[str, str], int]]:
    """Play; return each case's outcome, what came of it, and the exit code."""

    def played(*arguments: str) -> tuple[dict[str, str], dict[str, str], int]:
        out, code = io.StringIO(), 0
        try:
            call_command(
                "xcover_go_live", "--channel", channel.slug, "--json", *arguments, stdout=out
            )
        except SystemExit as end:
            code = int(end.code or 0)
        cases: list[dict[str, Any]] = json.loads(out.getvalue())["cases"]
        return (
            {row["case"]: row["outcome"] for row in cases},
            {row["case"]: row["found"] for row in cases},
            code,
        )

    return played


GoLive = Callable[..., tuple[dict[str, str], dict[str, str], int]]
BIND = ("--bind", PARTNER["partner_code"])


def rows_of_ours() -> int:
    from saleor_xcover_plugin.models import Consent, Cover, Offer, OutboxMessage

    return sum(model._default_manager.count() for model in (Offer, Cover, Consent, OutboxMessage))


def test_all_cases_pass_and_nothing_is_left(go_live: GoLive, simulator: SimulatorProcess) -> None:
    outcomes, found, code = go_live(*BIND)

    assert (outcomes, code) == (dict.fromkeys(ALL, "passed"), 0), found
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"
    assert booking["id"] in found["policy"]
    assert rows_of_ours() == 0


def test_without_the_partner_code_only_offers_are_asked_for(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    outcomes, found, code = go_live()

    assert [name for name, outcome in outcomes.items() if outcome == "skipped"] == BINDING
    assert (found["policy"], code) == ("It makes a policy; give --bind to play it.", 0)
    assert bookings(simulator) == []
    assert set(asked(simulator)) == {"get_booking", "create_offer", "opt_out"}


def test_another_partner_code_binds_nothing(channel: Channel, simulator: SimulatorProcess) -> None:
    with pytest.raises(CommandError, match="Look whether that is a sandbox"):
        call_command("xcover_go_live", "--channel", channel.slug, "--bind", "OTHER")

    assert asked(simulator) == {}


def test_a_dry_run_sends_nothing(channel: Channel, simulator: SimulatorProcess) -> None:
    out = io.StringIO()

    call_command("xcover_go_live", "--channel", channel.slug, *BIND, "--dry-run", stdout=out)

    assert all(name in out.getvalue() for name in ALL)
    assert "nothing was sent" in out.getvalue()
    assert asked(simulator) == {}


@pytest.mark.parametrize(
    ("fault", "failed", "sentence"),
    [
        (("create_offer", "status", {"status": 503}), "offer", "503"),
        (("confirm", "status", {"status": 422}), "policy", "422"),
        (("preview_modification", "status", {"status": 422}), "correction", "422"),
        (("cancel", "status", {"status": 500}), "cancellation preview", "500"),
    ],
)
def test_what_xcover_refuses_fails_its_case_and_skips_what_needs_it(
    go_live: GoLive,
    simulator: SimulatorProcess,
    fault: tuple[str, str, dict[str, int]],
    failed: str,
    sentence: str,
) -> None:
    operation, kind, parameters = fault
    simulator.fault(operation, kind, **parameters)

    outcomes, found, code = go_live(*BIND)

    assert code == 1
    assert [name for name, outcome in outcomes.items() if outcome == "failed"] == [failed]
    assert sentence in found[failed]
    needing = {"offer": "markets", "policy": "read back", "cancellation preview": "cancellation"}
    if failed in needing:
        assert found[needing[failed]] == f"It needs: {failed}."
    # and no policy is left in force, also when its own cancellation was not played
    assert {booking["status"] for booking in bookings(simulator)} <= {"CANCELLED"}


def test_a_policy_that_cannot_be_cancelled_is_named(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.fault("cancel", "status", status=500, times=None)

    outcomes, found, code = go_live(*BIND)

    (booking,) = bookings(simulator)
    assert (outcomes["clean up"], code) == ("failed", 1)
    assert found["clean up"] == f"Still in force: {booking['id']}. Have Cover Genius cancel them."


def test_a_refund_that_is_not_whole_fails_and_the_policy_is_cancelled_all_the_same(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.settings(refund_rule="zero")

    outcomes, found, _ = go_live(*BIND)

    assert outcomes["cancellation preview"] == "failed"
    assert "on the first day: ask for the cooling-off period" in found["cancellation preview"]
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"


def test_the_page_holds_every_case_and_no_person_and_no_secret(
    go_live: GoLive, tmp_path: Path
) -> None:
    page = tmp_path / "acceptance.html"

    _, found, _ = go_live(*BIND, "--html", str(page))

    written = page.read_text()
    assert all(f">{name}</th>" in written for name in ALL)
    assert found["policy"] in written
    for private in (PARTNER["api_key"], PARTNER["api_secret"], "@example.com", "+1415"):
        assert private not in written + json.dumps(found)
    assert "http" not in written.replace("http://127.0.0.1", "")


def test_people_see_each_case_as_it_ends(channel: Channel) -> None:
    out = io.StringIO()

    call_command("xcover_go_live", "--channel", channel.slug, stdout=out)

    lines = out.getvalue().splitlines()
    assert lines[0].startswith("ok       credentials (")
    assert lines[-1] == "7 passed, 7 skipped."
