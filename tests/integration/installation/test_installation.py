"""The id of a store on PostgreSQL: in every key, bound to a name outside the database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from saleor_xcover_plugin import installation
from saleor_xcover_plugin.domain.instance import Binding
from saleor_xcover_plugin.models import Installation, OutboxMessage
from saleor_xcover_plugin.outbox import message_queue as outbox

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
FIRST = uuid.UUID("11111111-1111-4111-8111-111111111111")
SECOND = uuid.UUID("22222222-2222-4222-8222-222222222222")


@pytest.fixture(autouse=True)
def no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XCOVER_INSTANCE", raising=False)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that gives the environment a name."""
    return lambda name: monkeypatch.setenv("XCOVER_INSTANCE", name)


def be(installation_id: uuid.UUID) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"installation_id": installation_id})


def key(operation_id: str = "order-1:1", kind: str = "confirm") -> uuid.UUID:
    message = outbox.add(kind, operation_id, subject_id=1, channel_id=1, now=NOW)
    return uuid.UUID(str(message.idempotency_key))


def test_the_same_operation_has_another_key_in_another_store() -> None:
    be(FIRST)
    in_the_first = key()
    OutboxMessage.objects.all().delete()

    be(SECOND)

    assert key() != in_the_first


def test_a_store_whose_messages_are_lost_makes_the_same_keys() -> None:
    be(FIRST)
    before = {name: key(name) for name in ("order-1:1", "order-2:1")}
    OutboxMessage.objects.all().delete()

    assert {name: key(name) for name in before} == before
    assert len(set(before.values())) == 2


def test_a_key_that_was_given_stays() -> None:
    given = key()
    OutboxMessage.objects.update(idempotency_key=FIRST)  # as an earlier version made it

    installation.current()
    Installation.objects.update(installation_id=SECOND)

    assert key() == FIRST != given
    assert OutboxMessage.objects.count() == 1


def test_two_who_are_first_make_one_id() -> None:
    Installation.objects.all().delete()
    found: list[uuid.UUID] = []
    barrier = threading.Barrier(2)

    def first() -> None:
        barrier.wait()
        try:
            found.append(installation.current().installation_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=first) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 2
    assert len(set(found)) == Installation.objects.count() == 1


def test_it_is_bound_once_and_stays_bound(named: Callable[[str], None]) -> None:
    assert not installation.bind(NOW)  # nothing names the store yet
    named("Production")
    assert installation.binding_of(installation.found()) == Binding.UNBOUND
    assert not installation.is_elsewhere()

    assert installation.bind(NOW)
    named("staging")
    assert not installation.bind(NOW + timedelta(days=1))

    row = installation.current()
    assert (row.bound_to, row.bound_at, row.copied_at) == ("production", NOW, None)
    assert installation.is_elsewhere()
    named("production/")
    assert not installation.is_elsewhere()


def test_without_a_name_sending_goes_on(named: Callable[[str], None], settings: Any) -> None:
    named("production")
    installation.bind(NOW)
    named("")

    assert installation.binding_of(installation.found()) == Binding.UNNAMED
    assert not installation.is_elsewhere()
    settings.PUBLIC_URL = "https://staging.example/"
    assert installation.is_elsewhere()


def test_the_setting_wins_then_the_variable_then_the_public_address(
    named: Callable[[str], None], settings: Any
) -> None:
    settings.PUBLIC_URL = "https://Shop.example/"
    assert installation.name_here() == "https://shop.example"
    named("from-the-environment")
    assert installation.name_here() == "from-the-environment"
    settings.XCOVER_INSTANCE = "from-the-settings"
    assert installation.name_here() == "from-the-settings"


def test_another_address_of_the_database_is_the_same_store(
    named: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a store, bound
    named("production")
    installation.bind(NOW)
    before = key()
    # when its database fails over: another host answers with the same rows
    with connection.cursor() as cursor:
        cursor.execute("SELECT host(inet_server_addr()), current_setting('listen_addresses')")
        over_tcp, listens = cursor.fetchone()
    other = "127.0.0.1" if connection.settings_dict["HOST"] != "127.0.0.1" else "localhost"
    if over_tcp is None and not listens:
        other = connection.settings_dict["HOST"] + "/."  # a socket, by another path
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", other)
    # then nothing is noticed
    assert installation.binding_of(installation.found()) == Binding.AT_HOME
    assert not installation.is_elsewhere()
    assert key() == before
    connection.close()


def test_a_renamed_store_keeps_its_id_and_a_copy_gets_its_own(
    named: Callable[[str], None],
) -> None:
    named("production")
    installation.bind(NOW)
    before = installation.current().installation_id

    named("shop")
    renamed = installation.adopt(NOW)
    assert (renamed.installation_id, renamed.bound_to, renamed.copied_at) == (before, "shop", None)

    named("staging")
    copied = installation.adopt(NOW, as_new_store=True)
    assert copied.installation_id != before
    assert (copied.bound_to, copied.copied_at) == ("staging", NOW)
