"""Failures while sending a task do not reach the shopper's request in which they happen."""

import logging
import uuid

import pytest
from celery import current_app
from django.db import transaction

from saleor_xcover_plugin.outbox import task_queue


@pytest.fixture
def unreadable_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker address with a typing error: Celery fails before it opens a connection."""
    monkeypatch.setattr(current_app.conf, "broker_url", "amqp://localhost:567O//")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unreadable_broker")
def test_a_broker_address_nobody_can_read_does_not_reach_the_sale(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    # Django's own on_commit(robust=True) fails at a functools.partial while it writes its log
    with transaction.atomic():
        task_queue.request_offer_soon(uuid.uuid4(), 1)

    assert [record.message for record in caplog.records] == ["xcover.task.not_sent"]
    assert "567O" not in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unreadable_broker")
def test_nobody_is_woken_for_what_was_taken_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    with transaction.atomic():
        task_queue.request_offer_soon(uuid.uuid4(), 1)
        transaction.set_rollback(True)

    assert caplog.records == []
