"""``xcover_go_live``: XCover's acceptance cases; no policy of theirs is left in force."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess
from testkit.steps import asked, bookings

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


@pytest.mark.parametrize(
    ("plan", "count", "price"), [("alternatives", 1, "9.99"), ("add_ons", 2, "16.65")]
)
def test_several_products_are_taken_as_their_rules_allow(
    go_live: GoLive, simulator: SimulatorProcess, plan: str, count: int, price: str
) -> None:
    simulator.settings(products=plan)

    outcomes, found, code = go_live(*BIND)

    assert (outcomes, code) == (dict.fromkeys(ALL, "passed"), 0), found
    (booking,) = bookings(simulator)
    assert len(booking["quotes"]) == count
    assert found["policy"].endswith(f"at {price} USD.")


def test_rules_nobody_could_obey_fail_the_offer(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.settings(products="alternatives", rule_changes={"min_select": 2})

    outcomes, found, code = go_live()

    assert (outcomes["offer"], code) == ("failed", 1)
    assert "rule_minimum_above_maximum" in found["offer"]


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


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleaning up tries as often as ever, at once."""
    from xcover_acceptance import clean_up

    monkeypatch.setattr(clean_up, "RESTS", (0.0,) * len(clean_up.RESTS))


@pytest.mark.parametrize(
    ("fault", "failed", "sentence"),
    [
        (("create_offer", "status", {"status": 503}), "offer", "503"),
        (
            ("create_offer", "missing_content", {"part": "disclaimer"}),
            "offer",
            "lacks a disclaimer",
        ),
        (("confirm", "status", {"status": 422}), "policy", "422"),
        (("confirm", "price_drift", {"amount": "7.77"}), "policy", "14.43 USD, offered were 6.66"),
        (("confirm", "reset_after", {}), "policy", "network failed"),
        (("confirm", "malformed", {}), "policy", "JSON"),
        (("confirm", "status", {"status": 500, "after_work": True}), "policy", "500"),
        (("cancel", "status", {"status": 500}), "cancellation preview", "500"),
        (("confirm_cancellation", "reset_after", {}), "cancellation", "network failed"),
    ],
)
def test_what_goes_wrong_fails_its_case_alone_and_leaves_no_policy(
    go_live: GoLive,
    simulator: SimulatorProcess,
    fault: tuple[str, str, dict[str, Any]],
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
    # and no policy is left in force, also one whose confirmation was never answered
    left = {booking["status"] for booking in bookings(simulator)}
    assert left == (set() if "422" in sentence or failed == "offer" else {"CANCELLED"})


def test_a_correction_xcover_does_not_take_is_no_failure(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.fault("preview_modification", "status", status=422)

    outcomes, found, code = go_live(*BIND)

    assert (outcomes["correction"], code) == ("skipped", 0)
    assert "corrections wait for a person" in found["correction"]


def test_a_policy_that_cannot_be_cancelled_is_named(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.fault("cancel", "status", status=500, times=None)

    outcomes, found, code = go_live(*BIND)

    (booking,) = bookings(simulator)
    assert (outcomes["clean up"], code) == ("failed", 1)
    assert found["clean up"] == f"Still in force: {booking['id']}. Have Cover Genius cancel them."


def test_an_offer_nobody_knows_the_end_of_is_named(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.fault("confirm", "status", status=500, after_work=True, times=None)

    _, found, code = go_live(*BIND)

    assert code == 1
    assert found["clean up"].startswith("Perhaps a policy was made of: offer ")


def test_ctrl_c_is_told_and_what_was_made_is_cancelled(
    go_live: GoLive, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.xcover.client import XCoverClient

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(XCoverClient, "modify_booking", interrupt)

    outcomes, _, code = go_live(*BIND)

    assert list(outcomes) == [*ALL[:10], "interrupted", "clean up"]
    assert (outcomes["interrupted"], outcomes["clean up"], code) == ("failed", "passed", 1)
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"


def test_test_keys_are_slow_and_every_market_is_asked_once(
    go_live: GoLive, channel: Channel, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given 2 calls per second and three countries
    staff.configure_plugin(channel, {"calls_per_second": "2", "countries": "US, DE, FR"})
    simulator.reset()

    outcomes, found, code = go_live()

    assert (outcomes["markets"], code) == ("passed", 0)
    assert [market.split()[0] for market in found["markets"].split("; ")] == [
        "USD/DE",
        "USD/FR",
        "USD/US",
    ]
    assert asked(simulator)["create_offer"] == 6  # one each for offer, two events, opt-out


class NotInstalled:
    """Finds the acceptance cases as little as a store that never installed them."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "xcover_acceptance":
            raise ModuleNotFoundError(name, name="xcover_acceptance")


def test_without_the_cases_the_command_says_what_to_install(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "saleor_xcover_plugin.management.commands.xcover_go_live"
    for loaded in [one for one in sys.modules if one.startswith(("xcover_acceptance", name))]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])

    with pytest.raises(CommandError, match="pip install xcover-acceptance") as refused:
        call_command(import_module(name).Command())

    assert refused.value.returncode == 2
    assert asked(simulator) == {}
    del sys.modules[name]  # the next test finds the cases again


def test_policies_with_production_keys_need_a_second_word(
    channel: Channel, staff: Staff, simulator: SimulatorProcess
) -> None:
    live = {"api_url": "https://api.xcover.com/x", **PARTNER}
    staff.configure_plugin(channel, live, is_active=False)

    with pytest.raises(CommandError, match="say so with --test-keys"):
        call_command("xcover_go_live", "--channel", channel.slug, *BIND)

    assert asked(simulator) == {}


def test_a_page_that_cannot_be_written_is_found_out_first(
    channel: Channel, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="Nothing was sent"):
        call_command("xcover_go_live", "--channel", channel.slug, *BIND, "--html", str(tmp_path))

    assert asked(simulator) == {}


def test_a_refund_that_is_not_whole_fails_and_the_policy_is_cancelled_all_the_same(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.settings(refund_rule="zero")

    outcomes, found, _ = go_live(*BIND)

    assert outcomes["cancellation preview"] == "failed"
    assert "on the first day: ask for the cooling-off period" in found["cancellation preview"]
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"


def test_who_pays_a_refund_is_said_before_anything_is_sold(
    go_live: GoLive, simulator: SimulatorProcess
) -> None:
    simulator.settings(automatic_refund_by_xcore=True)

    outcomes, found, _ = go_live(*BIND)

    assert outcomes["cancellation preview"] == "passed"
    assert found["cancellation preview"].endswith("XCover pays it to the buyer itself.")


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


@pytest.mark.parametrize(
    "said",
    ["<script>alert(1)</script>", "\"' onload='x", "{{ title }}{% now 'Y' %}", "\x00\x1b&amp;<"],
)
def test_whatever_came_is_text_on_the_page(said: str) -> None:
    from xcover_acceptance import CaseResult, Ended
    from xcover_acceptance.page import acceptance_page

    now = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    ended = [Ended(said, said, CaseResult.FAILED, said, now, 1.25)]

    page = acceptance_page({"Partner code": said}, ended, said, now)

    assert said not in page
    assert unescape(page).count(said) == 5


def test_people_see_each_case_as_it_ends(channel: Channel) -> None:
    out = io.StringIO()

    call_command("xcover_go_live", "--channel", channel.slug, stdout=out)

    lines = out.getvalue().splitlines()
    assert lines[0].startswith("ok       credentials (")
    assert lines[-1] == "7 passed, 7 skipped."
