"""The setup makes one app in the dashboard; alarms appear beside it and go when they are over."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import accept_cover
from testkit.work import Work

from .desk_staff import desk_app

SendShopper = Callable[[Channel], Shopper]


def setup(store: Store, *arguments: str) -> dict[str, str]:
    """Run the setup and return the outcome of each part about the desk."""
    steps = json.loads(store.command("xcover_setup", "--json", *arguments))["steps"]
    return {
        step["what"]: step["outcome"]
        for step in steps
        if step["what"].startswith(("app in", "its place"))
    }


@pytest.fixture
def app(store: Store) -> Iterator[Any]:
    """The app; whatever a test does to it, the next one finds it whole."""
    yield desk_app()
    apps.get_model("app", "App").objects.filter(identifier__startswith="covergenius").update(
        is_active=True, removed_at=None
    )
    setup(store)


def test_the_setup_makes_the_app_once(app: Any, store: Store) -> None:
    outcomes = setup(store)

    assert set(outcomes.values()) == {"unchanged"}
    assert len(outcomes) == 3
    places = {each.mount: each for each in app.extensions.all()}
    assert set(places) == {"navigation_orders", "order_details_widgets"} or set(places) == {
        "navigation_orders",
        "order_details_more_actions",
    }
    assert all(place.url.startswith(("/", app.app_url)) for place in places.values())
    for row in (app, *places.values()):
        assert [each.codename for each in row.permissions.all()] == ["manage_orders"]
    assert not hasattr(app, "tokens") or app.tokens.count() == 0


def test_what_staff_or_an_upgrade_changed_is_put_right(app: Any, store: Store) -> None:
    app.version = "0.0.1"
    app.app_url = "https://elsewhere.example/desk/"
    app.save()
    app.extensions.filter(mount="navigation_orders").delete()
    app.permissions.clear()

    assert "is old" in findings(store)["app"]
    assert setup(store, "--dry-run")["app in the dashboard"] == "corrected"
    assert setup(store)["its place: navigation"] == "created"

    app.refresh_from_db()
    assert app.app_url.endswith("/plugins/covergenius.xcover/desk/")
    assert app.permissions.count() == 1
    assert "MANAGE_ORDERS" in findings(store)["app"]


def test_an_app_that_was_switched_off_stays_so(app: Any, store: Store) -> None:
    app.is_active = False
    app.save()

    setup(store)

    app.refresh_from_db()
    assert not app.is_active
    assert "deactivated" in findings(store)["app"]


def test_an_app_installed_by_its_manifest_is_found(app: Any, store: Store) -> None:
    """Saleor's installation makes a row of its own; the setup must not make a second one."""
    rows = apps.get_model("app", "App").objects.filter(identifier=app.identifier, removed_at=None)
    app.delete()
    rows.create(name="XCover ticket protection", identifier=app.identifier, type="thirdparty")

    setup(store)

    assert rows.count() == 1
    assert rows.get().extensions.count() == 2


def test_without_the_app_the_doctor_says_so(app: Any, store: Store) -> None:
    app.removed_at = datetime.now(UTC)
    app.save()

    assert "xcover_setup" in findings(store)["app"]


def findings(store: Store) -> dict[str, str]:
    """Return what the doctor says of the desk, by subject."""
    out = io.StringIO()
    with suppress(SystemExit):  # it may find a problem elsewhere
        call_command("xcover_doctor", "--no-call", "--json", stdout=out)
    told = out.getvalue()
    return {
        each["subject"]: each["sentence"]
        for each in json.loads(told)["findings"]
        if each["check"] == "desk"
    }


def problems() -> list[tuple[str, int, bool]]:
    """Return the problems beside the app: key, count and if it is over or dismissed."""
    rows = apps.get_model("app", "AppProblem").objects.filter(app=desk_app()).order_by("pk")
    return [(row.key, row.count, row.dismissed) for row in rows]


def has_problems() -> bool:
    try:
        apps.get_model("app", "AppProblem")
    except LookupError:
        return False
    return True


def test_alarms_appear_beside_the_app_and_go_when_they_are_over(
    app: Any,
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    if not has_problems():
        pytest.skip("this Saleor lists no problems of apps")
    apps.get_model("app", "AppProblem").objects.all().delete()
    # given two orders whose policies wait for a person
    orders = []
    for _ in range(2):
        ada = shopper(store.usd_unpaid)
        accept_cover(ada, store)
        orders.append(ada.complete())
        simulator.fault("confirm", "status", times=1, status=404)
        staff.mark_as_paid(orders[-1].id)
        work()
    work()
    # then one problem tells of both
    assert ("parked", 2, False) in problems()
    # which is daily work: administrators are not warned of it
    parked = apps.get_model("app", "AppProblem").objects.get(key="parked")
    assert not parked.is_critical
    assert "in the dashboard beside the order" in parked.message
    before = problems()
    work()
    assert problems() == before
    # when staff dismiss it, it stays so
    rows = apps.get_model("app", "AppProblem").objects.filter(key="parked")
    rows.update(dismissed=True)
    work()
    assert problems() == [(key, n, gone or key == "parked") for key, n, gone in before]
    rows.update(dismissed=False)
    # when both are decided
    for order in orders:
        store.command("xcover_policy", order.number, "--do-not-make")
    work()
    # then it is over
    assert [gone for key, _, gone in problems() if key == "parked"] == [True]
