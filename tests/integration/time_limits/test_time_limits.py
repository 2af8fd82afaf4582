"""Statements of a block keep to its limits, and nothing of them is left behind."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from saleor_xcover_plugin.models import XCoverAccount
from saleor_xcover_plugin.time_limits import HOOK, DatabaseBusy, TimeLimits, time_limits

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
SHORT = TimeLimits(lock=200, statement=1_000)


@contextmanager
def another_session() -> Iterator[psycopg.Connection]:
    parameters = connection.get_connection_params()
    known = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: parameters[name] for name in known if name in parameters}) as one:
        yield one


def shown() -> tuple[str, str]:
    """Return what PostgreSQL says of this session, past any wrapper."""
    found = []
    for name in ("lock_timeout", "statement_timeout"):
        row = connection.connection.execute(f"SHOW {name}").fetchone()
        found.append(row[0])
    return found[0], found[1]


@contextmanager
def seconds() -> Iterator[Callable[[], float]]:
    started = time.monotonic()
    yield lambda: time.monotonic() - started


@pytest.fixture
def account() -> XCoverAccount:
    return XCoverAccount.objects.create(pk=f"gate-{uuid.uuid4()}", updated_at=NOW)


def in_time(work: Callable[[XCoverAccount], None], account: XCoverAccount) -> None:
    with time_limits(SHORT):
        work(account)


def wait_for(account: XCoverAccount) -> None:
    with transaction.atomic():
        XCoverAccount.objects.select_for_update().get(pk=account.pk)


@pytest.mark.parametrize("held", ["row", "table"])
@pytest.mark.parametrize("is_inside", [False, True], ids=["autocommit", "in a transaction"])
def test_a_lock_held_elsewhere_is_not_waited_for(
    account: XCoverAccount, held: str, is_inside: bool
) -> None:
    table = XCoverAccount._meta.db_table
    with another_session() as other:
        # given another session that holds a row, or the table as a migration does
        other.execute(
            f"SELECT 1 FROM {table} FOR UPDATE"  # noqa: S608 our own table
            if held == "row"
            else f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"
        )
        around = transaction.atomic if is_inside else nullcontext
        # when we need it
        with seconds() as passed, around(), pytest.raises(DatabaseBusy, match="holds a lock"):
            in_time(wait_for, account)
        # then we give up soon
        assert 0.15 < passed() < 1.5


def test_a_plain_read_in_autocommit_does_not_wait_for_a_migration(account: XCoverAccount) -> None:
    with another_session() as other:
        other.execute(f"LOCK TABLE {XCoverAccount._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        with seconds() as passed, time_limits(SHORT), pytest.raises(DatabaseBusy):
            XCoverAccount.objects.filter(pk=account.pk).first()
        assert passed() < 1.5


def test_a_statement_that_runs_too_long_is_cancelled() -> None:
    limits = TimeLimits(lock=200, statement=300)
    with seconds() as passed, time_limits(limits), pytest.raises(DatabaseBusy, match="too long"):
        connection.cursor().execute("SELECT pg_sleep(5)")
    assert passed() < 2


def test_saleors_transaction_goes_on_after_a_time_out(account: XCoverAccount) -> None:
    with another_session() as other:
        other.execute(f"LOCK TABLE {XCoverAccount._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        # given a transaction with limits of its own
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL lock_timeout = 7000")
            with pytest.raises(DatabaseBusy):
                in_time(wait_for, account)
            # then it can be used, with the limits it had
            assert shown() == ("7s", "0")
            other.rollback()
            assert XCoverAccount.objects.filter(pk=account.pk).exists()
    assert shown() == ("0", "0")


@pytest.mark.parametrize("before", [("0", "0"), ("7s", "9s")])
@pytest.mark.parametrize("ends_with", ["success", "an error of ours", "an error of the database"])
def test_what_a_transaction_had_is_put_back(
    account: XCoverAccount, before: tuple[str, str], ends_with: str
) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{before[0]}'")
            cursor.execute(f"SET LOCAL statement_timeout = '{before[1]}'")
        try:
            with time_limits(SHORT):
                wait_for(account)
                assert shown() == ("200ms", "1s")
                if ends_with == "an error of ours":
                    raise RuntimeError
                if ends_with == "an error of the database":
                    XCoverAccount.objects.create(pk=account.pk, updated_at=NOW)
        except (RuntimeError, IntegrityError):
            assert ends_with != "success"
        assert shown() == before


def test_outside_a_transaction_no_setting_outlives_its_statement(account: XCoverAccount) -> None:
    with time_limits(SHORT):
        XCoverAccount.objects.get(pk=account.pk)
        assert shown() == ("0", "0")
        wait_for(account)
        assert shown() == ("0", "0")


def test_a_shorter_limit_of_the_stores_own_counts(account: XCoverAccount) -> None:
    with transaction.atomic():
        connection.cursor().execute("SET LOCAL lock_timeout = 50")
        with time_limits(SHORT):
            wait_for(account)
            assert shown() == ("50ms", "1s")
        assert shown() == ("50ms", "0")


def test_a_block_within_a_block_is_narrower_and_never_wider(account: XCoverAccount) -> None:
    with transaction.atomic(), time_limits(SHORT):
        with time_limits(TimeLimits(lock=50)):
            wait_for(account)
            assert shown() == ("50ms", "1s")
        wait_for(account)
        assert shown() == ("200ms", "1s")
        with time_limits(TimeLimits(lock=9_000, statement=9_000)):
            wait_for(account)
            assert shown() == ("200ms", "1s")


def test_everything_django_does_works_as_without_limits(account: XCoverAccount) -> None:
    with time_limits(SHORT):
        # rows, counts, inserts, savepoints, and what goes wrong inside them
        assert XCoverAccount.objects.filter(pk=account.pk).update(failures=3) == 1
        assert XCoverAccount.objects.get(pk=account.pk).failures == 3
        with transaction.atomic():
            with pytest.raises(IntegrityError), transaction.atomic():
                XCoverAccount.objects.create(pk=account.pk, updated_at=NOW)
            made, is_new = XCoverAccount.objects.get_or_create(
                pk=f"{account.pk} too", defaults={"updated_at": NOW}
            )
            assert is_new
        names = [row.pk for row in XCoverAccount.objects.filter(pk=made.pk).iterator(chunk_size=1)]
        assert names == [made.pk]
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s, '100%%'", ["; SELECT 1"])
            assert cursor.fetchall() == [("; SELECT 1", "100%")]
            cursor.executemany("SELECT %s", [[1], [2]])
        assert XCoverAccount.objects.filter(pk=made.pk).delete()[0] == 1
    assert shown() == ("0", "0")


def test_parameters_bound_by_the_server_work_too(account: XCoverAccount) -> None:
    """OPTIONS["server_side_binding"] allows one statement in a message only."""
    connection.close()
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    options["server_side_binding"] = True
    connection.features.__dict__.pop("uses_server_side_binding", None)
    try:
        with time_limits(SHORT):
            assert XCoverAccount.objects.get(pk=account.pk) == account
            with another_session() as other:
                other.execute(f"LOCK TABLE {XCoverAccount._meta.db_table} IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(DatabaseBusy):
                    XCoverAccount.objects.get(pk=account.pk)
        assert shown() == ("0", "0")
    finally:
        options.clear()
        options.update(before)
        connection.features.__dict__.pop("uses_server_side_binding", None)
        connection.close()


def test_limits_cost_no_statement_of_their_own(account: XCoverAccount) -> None:
    with CaptureQueriesContext(connection) as captured, time_limits(HOOK):
        XCoverAccount.objects.get(pk=account.pk)
    assert len(captured) == 1
