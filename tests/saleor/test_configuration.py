"""The plugin is found, scheduled and configured without an edit of Saleor's settings."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from graphql_relay import from_global_id

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


def stored(channel: Channel) -> dict[str, object]:
    from saleor.plugins.models import PluginConfiguration

    row = PluginConfiguration.objects.get(
        identifier="covergenius.xcover", channel_id=from_global_id(channel.id)[1]
    )
    return {item["name"]: item["value"] for item in row.configuration}


def test_tasks_and_beat_entry_are_found() -> None:
    from celery import current_app
    from django.conf import settings

    current_app.loader.import_default_modules()
    names = {name for name in current_app.tasks if name.startswith("saleor_xcover_plugin.")}

    assert names == {
        "saleor_xcover_plugin.tasks.deliver",
        "saleor_xcover_plugin.tasks.deliver_new",
        "saleor_xcover_plugin.tasks.drain",
        "saleor_xcover_plugin.tasks.purge",
        "saleor_xcover_plugin.tasks.receive_notification",
        "saleor_xcover_plugin.tasks.reconcile",
        "saleor_xcover_plugin.tasks.request_offer",
        "saleor_xcover_plugin.tasks.sweep",
    }
    entry = settings.CELERY_BEAT_SCHEDULE["saleor_xcover_plugin.sweep"]
    assert (entry["task"], entry["schedule"]) == ("saleor_xcover_plugin.tasks.sweep", 60)
    nightly = settings.CELERY_BEAT_SCHEDULE["saleor_xcover_plugin.reconcile"]
    assert nightly["task"] == "saleor_xcover_plugin.tasks.reconcile"
    assert (nightly["schedule"].hour, nightly["schedule"].minute) == ({3}, {20})
    purge = settings.CELERY_BEAT_SCHEDULE["saleor_xcover_plugin.purge"]
    assert purge["task"] == "saleor_xcover_plugin.tasks.purge"
    assert (purge["schedule"].hour, purge["schedule"].minute) == ({4}, {40})


def test_the_beat_task_runs_under_saleors_own_database_rules(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.tasks import sweep

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)

    sweep.delay()

    assert (cover := ada.cover()) is not None
    assert cover.status == "confirmed"


def test_the_request_task_gets_the_offer_before_its_shopper_asks(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.tasks import request_offer

    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 2})
    request_offer.delay(checkout.token, int(from_global_id(store.usd_unpaid.id)[1]))

    assert ada.offer().premium == Decimal("6.66")
    assert len(simulator.calls("create_offer")) == 1


def test_secrets_are_stored_sealed_and_never_twice(store: Store, staff: Staff) -> None:
    before = stored(store.usd)["api_secret"]
    assert str(before).startswith("xcover-sealed:")
    assert "demo-secret-0001" not in str(stored(store.usd))

    staff.configure_plugin(store.usd, {"offer_minutes": "31"})

    assert stored(store.usd)["api_secret"] == before
    staff.configure_plugin(store.usd, {"offer_minutes": "30"})


def test_the_environment_wins_over_the_stored_secret(
    store: Store, shopper: SendShopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XCOVER_API_SECRET", "another-secret")
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})

    with pytest.raises(Refused) as caught:
        ada.offer()

    assert caught.value.codes == ("xcover_refused_credentials",)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("api_url", "api.xcover.com", "Begin the XCover API address with https://"),
        ("partner_code", "", "Partner code is missing."),
        ("event_mapping", "start = price", "line 1: unknown source"),
        ("offer_minutes", "soon", "1 to 1440"),
    ],
)
def test_what_cannot_work_is_not_saved(
    store: Store, staff: Staff, simulator: SimulatorProcess, field: str, value: str, sentence: str
) -> None:
    before = stored(store.usd)

    with pytest.raises(Refused) as caught:
        staff.configure_plugin(store.usd, {field: value})

    assert sentence in str(caught.value)
    assert stored(store.usd) == before


def test_an_unreachable_xcover_is_told_and_saving_switched_off_works(
    store: Store, staff: Staff, simulator: SimulatorProcess
) -> None:
    channel = store.new_channel()
    dead = {"api_url": "http://127.0.0.1:9/x", "partner_code": "ABCDE", "api_key": "k"}

    with pytest.raises(Refused) as caught:
        staff.configure_plugin(channel, dead | {"api_secret": "s"})
    assert "did not answer properly at http://127.0.0.1:9/x" in str(caught.value)

    staff.configure_plugin(channel, dead | {"api_secret": "s"}, is_active=False)
    assert stored(channel)["api_url"] == "http://127.0.0.1:9/x"


def test_a_new_address_is_never_called_with_the_old_secrets(
    store: Store, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given a channel that works, and another address of the same simulator
    channel, old = store.new_channel(), simulator.base_url
    new = f"{old.removesuffix('/x')}/xcover"
    secrets = {name: PARTNER[name] for name in ("api_key", "api_secret")}
    staff.configure_plugin(channel, {"api_url": old, **PARTNER})
    before, called = stored(channel), len(simulator.calls())
    # when somebody who does not know the secrets changes the address
    for known in ({}, {"api_key": secrets["api_key"]}):
        with pytest.raises(Refused) as caught:
            staff.configure_plugin(channel, {"api_url": new, **known})
        assert "has to be entered again" in str(caught.value)
    # then nothing is saved, and nobody was called
    assert stored(channel) == before
    assert len(simulator.calls()) == called
    # when address, key and secret come together
    staff.configure_plugin(channel, {"api_url": new, **secrets})
    assert stored(channel)["api_url"] == new
    # when the dashboard saves one after the other, with the plugin switched off
    staff.configure_plugin(channel, {"api_url": old}, is_active=False)
    emptied = stored(channel)
    assert (emptied["api_url"], emptied["api_key"], emptied["api_secret"]) == (old, "", "")
    with pytest.raises(Refused) as caught:
        staff.configure_plugin(channel)
    assert "API key is missing." in str(caught.value)
    for name, value in secrets.items():
        staff.configure_plugin(channel, {name: value}, is_active=False)
    staff.configure_plugin(channel)
    # then it works, and the other fields were kept
    found = stored(channel)
    assert found["partner_code"] == PARTNER["partner_code"]
    assert str(found["api_secret"]).startswith("xcover-sealed:")


def test_an_address_without_encryption_is_not_saved(store: Store, staff: Staff) -> None:
    channel = store.new_channel()

    with pytest.raises(Refused) as caught:
        staff.configure_plugin(channel, {"api_url": "http://xcover.example/x", **PARTNER})

    assert "begins with http://" in str(caught.value)


def test_a_plugin_switched_off_stops_offers_but_confirms_what_was_sold(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a cover sold, and the plugin switched off before the order is paid
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    order = ada.complete()
    staff.configure_plugin(store.usd_unpaid, is_active=False)
    try:
        # when
        staff.mark_as_paid(order.id)
        work()
        # then
        assert [b["status"] for b in simulator.state()["bookings"]] == ["CONFIRMED"]
    finally:
        staff.configure_plugin(store.usd_unpaid)
    assert (cover := ada.cover()) is not None
    assert cover.status == "confirmed"
