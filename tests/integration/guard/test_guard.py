"""Whatever goes wrong in a hook, Saleor and its shopper do not meet it."""

from __future__ import annotations

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from saleor_xcover_plugin.errors import Code, Refusal
from saleor_xcover_plugin.guard import guard
from saleor_xcover_plugin.models import Watermark
from saleor_xcover_plugin.time_limits import DatabaseBusy

pytestmark = pytest.mark.django_db(transaction=True)

DEFECTS = (
    AttributeError("no such field"),
    IntegrityError("a value is taken"),
    KeyError("offer"),
    LookupError("nothing there"),
    ProgrammingError("no such table"),
    RecursionError("too deep"),
    Refusal(Code.OFFER_STALE),
    TypeError("of another kind"),
    ValueError("no number"),
    type("OfOurs", (Exception,), {})("a kind nobody has thought of"),
)


@pytest.fixture(autouse=True)
def as_in_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS", raising=False)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: type(defect).__name__)
def test_no_defect_leaves_a_hook(defect: Exception) -> None:
    with guard("order_paid") as guarded:
        raise defect

    assert guarded.has_failed


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: type(defect).__name__)
def test_a_transaction_of_saleors_goes_on_after_a_defect(defect: Exception) -> None:
    with transaction.atomic():
        with guard("order_paid"):
            mark("of ours")
            raise defect
        mark("of Saleor's")

    assert list(Watermark.objects.values_list("name", flat=True)) == ["of Saleor's"]


def test_a_statement_that_failed_leaves_the_transaction_usable() -> None:
    with transaction.atomic():
        with guard("order_paid"), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")
        mark("of Saleor's")

    assert Watermark.objects.count() == 1


def test_a_busy_database_is_no_defect() -> None:
    with guard("order_paid") as guarded:
        raise DatabaseBusy("somebody holds it")

    assert (guarded.was_busy, guarded.has_failed) == (True, False)


def test_the_time_limit_of_saleors_own_task_ends_it() -> None:
    with pytest.raises(SoftTimeLimitExceeded), guard("order_paid"):
        raise SoftTimeLimitExceeded


def mark(name: str) -> None:
    Watermark.objects.create(name=name, reached_at="2026-12-04T09:00:00Z")
