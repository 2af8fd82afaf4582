"""``xcover_doctor`` on a real Saleor: its hooks, its broker, its workers."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks

from testkit.client.store import Channel, Store
from testkit.saleor.broker import Worker, celery_with, own_broker
from testkit.work import Work

from ..flows.test_doctor import bad, run, said
from .test_kills import eventually


@pytest.fixture
def channel(store: Store, sell_insurance: Callable[[Channel], Channel], work: Work) -> Channel:
    made = sell_insurance(store.new_channel())
    work()
    return made


def running(findings: list[dict[str, Any]]) -> dict[str, str]:
    return {
        row["check"]: row["outcome"] for row in findings if row["check"] in ("broker", "worker")
    }


def test_this_saleor_calls_every_hook_we_override(channel: Channel) -> None:
    findings, code = run("--channel", channel.slug)

    ((outcome, sentence),) = said(findings, "hooks")
    assert (outcome, sentence) == ("fine", "It calls all 17 we override.")
    assert (bad(findings), code) == ({}, 0)
    assert [each for each in run_checks() if str(each.id).startswith("saleor_xcover")] == []


def test_a_hook_this_saleor_never_calls_is_named(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.domain import hooks

    # given a hook the manager has and nobody calls, and one it does not have
    monkeypatch.setitem(hooks.HOOKS, "get_plugin", "a test")  # type: ignore[arg-type]
    monkeypatch.setitem(hooks.HOOKS, "order_dreamt", "a test")  # type: ignore[arg-type]

    findings, code = run("--channel", channel.slug)

    told = {row["subject"]: row for row in findings if row["check"] == "hooks"}
    assert "does not know it" in told["order_dreamt"]["sentence"]
    assert {row["outcome"] for row in told.values()} == {"warning"}
    assert code == 0
    (warning,) = [each for each in run_checks() if each.id == "saleor_xcover_plugin.W001"]
    assert "order_dreamt" in warning.msg


def test_without_a_broker_cron_must_do_the_work(channel: Channel) -> None:
    findings, _ = run("--channel", channel.slug)

    assert running(findings) == {"broker": "warning"}


def test_a_dead_broker_is_a_problem_and_nobody_is_asked(channel: Channel) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with celery_with(f"redis://:pa55word@127.0.0.1:{port}/0"):
        findings, code = run("--channel", channel.slug)

    assert (running(findings), code) == ({"broker": "problem", "worker": "skipped"}, 1)
    assert "pa55word" not in str(findings)


def test_a_broker_without_workers_is_told_from_one_with(channel: Channel) -> None:
    with celery_with(own_broker()):
        findings, code = run("--channel", channel.slug)

    assert (running(findings), code) == ({"broker": "fine", "worker": "problem"}, 1)
    ((_, sentence),) = said(findings, "worker")
    assert "Start one (celery --app saleor.celeryconf:app worker)" in sentence


def test_a_worker_that_knows_the_plugin_is_heard(channel: Channel) -> None:
    worker = Worker(own_broker())
    with celery_with(own_broker()):
        worker.start()
        try:
            eventually(lambda: running(run("--channel", channel.slug)[0])["worker"] == "fine")
        finally:
            worker.kill()
