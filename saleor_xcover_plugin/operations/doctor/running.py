"""Check the processes behind the shop: broker, workers and beat, and the plugin's tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kombu.pidbox import Mailbox

from ...domain.alarms import WORKER_COMMAND, at
from ...outbox.task_queue import TASKS, has_broker
from .. import alarm_rules, heartbeats
from .finding import Finding, fine, problem, skipped, warning

APP = "saleor_xcover_plugin"
"""Django app label of the plugin."""
BROKER_SECONDS = 3.0
"""Longest time to wait for the broker, in seconds."""
PING_SECONDS = 3.0
"""Longest time to wait for replies of workers, in seconds."""


def check(now: datetime) -> Iterator[Finding]:
    """Check the tables, the broker, the workers and the sweep."""
    yield _tables()
    if has_broker():
        broker = _broker()
        yield broker
        reached = broker.outcome == "fine"
        yield _workers() if reached else skipped("worker", "", "Without a broker nobody is heard.")
        yield _database_sessions()
    else:
        yield warning(
            "broker",
            "",
            "None: Celery runs eagerly here, so nothing happens after a request. Cron must run "
            "manage.py xcover_work every minute.",
        )
    yield _sweep(now)


def _tables() -> Finding:
    executor = MigrationExecutor(connection)
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] == APP]
    missing = [migration.name for migration, _ in executor.migration_plan(targets)]
    if missing:
        named = ", ".join(missing)
        return problem("tables", "", f"Not migrated: {named}. Run manage.py migrate {APP}.")
    return fine("tables", "", "All migrations are applied.")


def _broker() -> Finding:
    try:
        with current_app.connection_for_read(connect_timeout=BROKER_SECONDS) as link:
            link.ensure_connection(max_retries=0, timeout=BROKER_SECONDS)
            return fine("broker", link.transport_cls or "", "It answers.")
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        # Only the type of the error: its text may contain the broker's password.
        return problem(
            "broker",
            "",
            f"It does not answer ({type(error).__name__}): see CELERY_BROKER_URL. Policies wait "
            "for the next manage.py xcover_work.",
        )


def _workers() -> Finding:
    try:
        # A separate connection both ways: Celery's own inspector publishes over a pool, which may
        # still contain a broken connection, or one to another broker.
        with current_app.connection_for_read(connect_timeout=BROKER_SECONDS) as link:
            mailbox = Mailbox(current_app.conf.control_exchange, type="fanout")(link)
            answers = mailbox.multi_call("registered", timeout=PING_SECONDS)
            registered = {name: tasks for answer in answers for name, tasks in answer.items()}
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        sentence = f"Asking for workers failed ({type(error).__name__})."
        return problem("worker", "", sentence)
    if not registered:
        return problem(
            "worker",
            "",
            f"None answered within {PING_SECONDS:g} s. Start one ({WORKER_COMMAND}), or run "
            "manage.py xcover_work every minute.",
        )
    without = sorted(name for name, tasks in registered.items() if not TASKS.issubset(tasks))
    if without:
        return problem(
            "worker",
            ", ".join(without),
            "It does not know all tasks of the plugin: install this version there too, then "
            "restart it.",
        )
    return fine("worker", ", ".join(sorted(registered)), "Each knows the plugin's tasks.")


def _database_sessions() -> Finding:
    """Say how long a worker that is set like this process keeps a session with PostgreSQL."""
    seconds = connection.settings_dict["CONN_MAX_AGE"]
    tasks = current_app.conf.get("CELERY_DB_REUSE_MAX")
    if tasks:
        kept = f"keeps it for {2 * tasks} tasks (CELERY_DB_REUSE_MAX)."
    elif seconds is None or seconds > 0:
        how_long = "for good" if seconds is None else f"for {seconds} s"
        kept = f"keeps it {how_long} (DB_CONN_MAX_AGE)."
    else:
        kept = (
            "opens one for each task. With DB_CONN_MAX_AGE=60 in the environment of the workers "
            "alone, a sale costs less (docs/performance.md)."
        )
    return fine("database session", "", f"A worker that is set like this process {kept}")


def _sweep(now: datetime) -> Finding:
    heartbeat_missing = alarm_rules.sweep_heartbeat_missing(now)
    if heartbeat_missing is None:
        ended = heartbeats.pulse(heartbeats.SWEEP).ended_at
        return fine("sweep", "", f"It ended last {at(ended)}." if ended else "It has just begun.")
    return problem("sweep", heartbeat_missing.code.value, heartbeat_missing.sentence)
