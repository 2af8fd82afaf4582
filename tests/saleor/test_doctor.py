"""``xcover_doctor`` on a real Saleor: its hooks, its broker, its workers."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection

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


@contextmanager
def worker_of_an_earlier_version() -> Iterator[None]:
    """A Celery worker that knows only one of the plugin's tasks."""
    program = f"""
from celery import Celery

app = Celery("old", broker={own_broker()!r})

@app.task(name="saleor_xcover_plugin.tasks.deliver")
def deliver(message_id):
    pass

app.worker_main(["worker", "--pool=solo", "--loglevel=ERROR", "--hostname=old@here"])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_a_worker_that_was_not_updated_is_named(channel: Channel) -> None:
    def told() -> dict[str, Any]:
        findings, _ = run("--channel", channel.slug)
        return next(row for row in findings if row["check"] == "worker")

    with celery_with(own_broker()), worker_of_an_earlier_version():
        eventually(lambda: told()["subject"] == "old@here")
        found = told()

    assert found["outcome"] == "problem"
    assert "does not know all tasks of the plugin" in found["sentence"]


@pytest.mark.parametrize(
    ("kept", "reused", "sentence"),
    [
        (0, None, "opens one for each task."),
        (60, None, "keeps it for 60 s (DB_CONN_MAX_AGE)."),
        (None, None, "keeps it for good (DB_CONN_MAX_AGE)."),
        (0, 5, "keeps it for 10 tasks (CELERY_DB_REUSE_MAX)."),
    ],
)
def test_how_long_workers_keep_a_database_session_is_told(
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
    kept: int | None,
    reused: int | None,
    sentence: str,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", kept)
    monkeypatch.setattr(settings, "CELERY_DB_REUSE_MAX", reused, raising=False)
    with celery_with(own_broker()):
        findings, _ = run("--channel", channel.slug)

    ((outcome, told),) = said(findings, "database session")
    assert outcome == "fine"
    assert told.startswith(f"A worker that is set like this process {sentence}")
