"""``xcover_doctor``: what a store lacks, each with what to do."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from testkit.client.driver import Refused
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store, Variant
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess
from testkit.steps import sealed_elsewhere
from testkit.work import Work

Row = tuple[str, str]


def run(*arguments: str) -> tuple[list[dict[str, Any]], int]:
    """Run the command; return its findings and its exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command("xcover_doctor", *arguments, "--json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return json.loads(out.getvalue())["findings"], code


def bad(findings: list[dict[str, Any]]) -> dict[Row, str]:
    """What is a problem; which hooks a host calls is the host's own matter (tests/saleor)."""
    return {
        (row["check"], row["subject"]): row["sentence"]
        for row in findings
        if row["outcome"] == "problem" and row["check"] != "hooks"
    }


def said(findings: list[dict[str, Any]], check: str) -> list[tuple[str, str]]:
    return [(row["outcome"], row["sentence"]) for row in findings if row["check"] == check]


@pytest.fixture
def channel(
    store: Store, simulator: SimulatorProcess, sell_insurance: Callable[[Channel], Channel]
) -> Channel:
    """A channel of its own, set up as the documentation says."""
    return sell_insurance(store.new_channel())


@pytest.fixture
def examine(channel: Channel, work: Work) -> Callable[[], list[dict[str, Any]]]:
    """Look at the channel after its background work ran."""
    work()
    return lambda: run("--channel", channel.slug)[0]


Examine = Callable[[], list[dict[str, Any]]]


def test_a_store_in_order_has_no_problem_and_is_left_as_it_was(
    examine: Examine, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage

    before = len(simulator.calls("get_booking"))

    findings = examine()

    assert bad(findings) == {}
    assert said(findings, "settings") == [("fine", "Complete.")]
    ((outcome, sentence),) = said(findings, "credentials")
    assert (outcome, sentence.startswith("XCover accepts them at http://")) == ("fine", True)
    ((outcome, sentence),) = said(findings, "clock")
    assert (outcome, sentence.endswith(" s from XCover's.")) == ("fine", True)
    assert said(findings, "cover product") == [("fine", "As the setup made them.")]
    ((outcome, sentence),) = said(findings, "stock")
    assert (outcome, sentence.startswith("One piece of the protection in")) == ("fine", True)
    assert said(findings, "tables") == [("fine", "All migrations are applied.")]
    ((outcome, sentence),) = said(findings, "event data")
    assert (outcome, "can be insured" in sentence) == ("fine", True)
    # and XCover was asked once, for nothing
    assert len(simulator.calls("get_booking")) == before + 1
    assert simulator.state()["bookings"] == []
    assert OutboxMessage.objects.count() == 0


def test_it_need_not_call_xcover(channel: Channel, simulator: SimulatorProcess) -> None:
    simulator.reset()

    findings, _ = run("--channel", channel.slug, "--no-call")

    assert said(findings, "credentials") == [("skipped", "Not called (--no-call).")]
    assert simulator.calls("get_booking") == []


def test_a_clock_that_is_off_is_told_before_xcover_refuses_it(
    examine: Examine, simulator: SimulatorProcess
) -> None:
    simulator.settings(now_offset_seconds=-120)

    findings = examine()

    ((row, sentence),) = bad(findings).items()
    assert row[0] == "clock"
    assert sentence.startswith("12")
    assert " s ahead of XCover's" in sentence


def test_refused_credentials_say_what_to_check(
    examine: Examine, simulator: SimulatorProcess
) -> None:
    simulator.settings(now_offset_seconds=600, clock_tolerance_seconds=300)

    refused = bad(examine())

    assert [check for check, _ in refused] == ["credentials", "clock"]
    sentence, clock = refused.values()
    assert "API key and API secret in the plugin, and the clock below" in sentence
    assert " s behind XCover's" in clock
    assert PARTNER["api_secret"] not in sentence


def test_xcover_out_of_reach_is_a_problem_of_its_own(
    examine: Examine, simulator: SimulatorProcess
) -> None:
    simulator.fault("get_booking", "reset", times=None)

    ((row, sentence),) = bad(examine()).items()

    assert row[0] == "credentials"
    assert "See whether this server reaches it" in sentence


def test_an_inactive_channel_is_named(channel: Channel, staff: Staff) -> None:
    staff.configure_plugin(channel, is_active=False)

    findings, code = run("--channel", channel.slug)

    assert code == 1
    ((check, subject),) = [row for row in bad(findings) if row[0] == "settings"]
    assert (check, subject) == ("settings", channel.slug)


def test_what_the_setup_made_and_somebody_changed_is_named(
    examine: Examine, channel: Channel
) -> None:
    listings = apps.get_model("product", "ProductChannelListing").objects
    listings.filter(channel__slug=channel.slug, product__slug="xcover-ticket-protection").update(
        is_published=False
    )

    findings = examine()

    assert bad(findings) == {
        ("cover product", f"listing in {channel.slug}"): (
            "It is not as it must be: manage.py xcover_setup mends it."
        )
    }
    call_command("xcover_setup", "--channel", channel.slug, stdout=io.StringIO())
    assert bad(examine()) == {}


@pytest.fixture
def give_discounts(channel: Channel) -> Iterator[Callable[[Variant, str], None]]:
    """Make a promotion and a voucher for a variant, and one of each that is over."""
    models = {name: apps.get_model("discount", name) for name in ("Promotion", "Voucher")}
    before = {
        name: list(model.objects.values_list("pk", flat=True)) for name, model in models.items()
    }
    shop = apps.get_model("channel", "Channel").objects.get(slug=channel.slug)
    over = {"end_date": datetime.now(UTC) - timedelta(days=1)}
    began = {"start_date": datetime.now(UTC) - timedelta(days=9)}

    def give(variant: Variant, name: str) -> None:
        row = apps.get_model("product", "ProductVariant").objects.get(sku=variant.sku)
        for label, period in ((name, {}), (f"old {name}", over)):
            promotion = models["Promotion"].objects.create(name=label, **began, **period)
            rule = promotion.rules.create()
            rule.channels.add(shop)
            rule.variants.add(row)
            voucher = models["Voucher"].objects.create(name=label, **began, **period)
            voucher.products.add(row.product)
            voucher.channel_listings.create(
                channel=shop, discount_value=10, currency=channel.currency
            )

    yield give
    for name, model in models.items():
        model.objects.exclude(pk__in=before[name]).delete()


def test_a_promotion_and_a_voucher_on_the_protection_are_named_and_others_are_not(
    examine: Examine, store: Store, give_discounts: Callable[[Variant, str], None]
) -> None:
    give_discounts(store.concert, "tickets off")
    assert bad(examine()) == {}

    give_discounts(store.cover_variant(), "everything off")

    findings = examine()
    named = [sentence for outcome, sentence in said(findings, "discounts") if outcome == "problem"]
    assert [sentence.partition(" includes")[0] for sentence in named] == [
        "The promotion everything off",
        "The voucher everything off",
    ]


def test_tickets_without_event_data_are_named_with_what_is_missing(
    channel: Channel, staff: Staff, store: Store
) -> None:
    kind = apps.get_model("product", "ProductVariant").objects.get(sku=store.mystery.sku).product
    staff.configure_plugin(channel, {"ticket_product_types": kind.product_type.slug})

    findings, code = run("--channel", channel.slug)

    assert code == 1
    sentence = bad(findings)[("event data", f"{channel.slug}: {kind.slug}")]
    assert sentence.startswith("start: it is empty; country: it is empty. Its tickets get no offer")


def test_local_times_without_a_time_zone_are_told_to_be_utc(
    channel: Channel, staff: Staff, store: Store
) -> None:
    # given an event whose start has no offset, and no time zone beside it
    variants = apps.get_model("product", "ProductVariant").objects
    product = variants.get(sku=store.festival.sku).product
    known = product.metadata
    product.metadata = {
        name: text for name, text in known.items() if name not in ("event_end", "event_timezone")
    } | {"event_start": "2100-07-10T20:00"}
    product.save(update_fields=["metadata"])
    try:
        findings, _ = run("--channel", channel.slug)
    finally:
        product.metadata = known
        product.save(update_fields=["metadata"])
    # then the doctor says how it is read, and of which product
    (sentence,) = [text for outcome, text in said(findings, "event data") if outcome == "warning"]
    assert sentence.startswith("Times without an offset are read as UTC")
    assert product.slug in sentence


def test_a_channel_without_any_event_says_so(channel: Channel, staff: Staff) -> None:
    staff.configure_plugin(channel, {"ticket_product_types": "opera"})

    findings, _ = run("--channel", channel.slug)

    ((outcome, sentence),) = said(findings, "event data")
    assert outcome == "warning"
    assert sentence.startswith("No product for sale of the types opera has an event to come")


def test_secrets_of_another_secret_key_are_said_as_such(
    channel: Channel, simulator: SimulatorProcess
) -> None:
    calls = len(simulator.calls())

    with sealed_elsewhere(channel, "api_key", "api_secret"):
        findings, code = run("--channel", channel.slug)

    assert code == 1
    assert bad(findings)[("settings", channel.slug)] == (
        "API key cannot be opened: it was saved under another SECRET_KEY. Start every process of "
        "Saleor with the SECRET_KEY it was saved under (or put that one into SECRET_KEY_FALLBACKS),"
        " or enter it again. No offers are made until then."
    )
    assert len(simulator.calls()) == calls


def test_a_webhook_secret_of_another_secret_key_is_a_warning(channel: Channel) -> None:
    with sealed_elsewhere(channel, "webhook_secret"):
        findings, _ = run("--channel", channel.slug)

    (finding,) = said(findings, "settings")
    assert finding[0] == "warning"
    assert "saved under another SECRET_KEY: Webhook secret." in finding[1]


def test_saving_says_it_too_and_entering_them_again_mends_it(
    channel: Channel, staff: Staff
) -> None:
    with sealed_elsewhere(channel, "api_key", "api_secret"):
        with pytest.raises(Refused, match="API key cannot be opened: it was saved under another"):
            staff.configure_plugin(channel, {"languages": "en"})
        staff.configure_plugin(channel, is_active=False)
        entered = {"api_key": "demo-key", "api_secret": "demo-secret-0001"}
        staff.configure_plugin(channel, entered)

        findings, _ = run("--channel", channel.slug)

    assert said(findings, "settings") == [("fine", "Complete.")]
    assert said(findings, "credentials")[0][0] == "fine"


def test_silent_background_work_is_a_problem(channel: Channel, store: Store) -> None:
    from saleor_xcover_plugin.models import Heartbeat

    Heartbeat.objects.all().delete()

    findings, _ = run("--channel", channel.slug)

    assert "cron must run manage.py xcover_work" in bad(findings)[("sweep", "beat_not_running")]


def test_people_get_a_line_each_and_a_sum(channel: Channel, work: Work) -> None:
    work()
    out = io.StringIO()

    with suppress(SystemExit):
        call_command("xcover_doctor", "--channel", channel.slug, stdout=out)

    lines = out.getvalue().splitlines()
    assert lines[0] == f"ok       settings, {channel.slug}: Complete."
    assert " fine, " in lines[-1]


def test_every_hook_the_plugin_overrides_is_looked_for() -> None:
    from saleor_xcover_plugin.domain.hooks import ESSENTIAL, HOOKS
    from saleor_xcover_plugin.plugin import XCoverPlugin

    settings = ("_plugin_configuration", "configuration")
    overridden = {
        name
        for name, value in vars(XCoverPlugin).items()
        if callable(value) and not name.startswith("_") and not name.endswith(settings)
    }
    assert overridden == set(HOOKS)
    assert set(HOOKS) >= ESSENTIAL


def test_an_unknown_channel_is_refused(store: Store) -> None:
    with pytest.raises(CommandError, match="No such channel: nowhere"):
        run("--channel", "nowhere")
