"""What is reported of a defect: its kind and place, and none of the values that were at hand."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import IntegrityError
from pydantic import BaseModel

from saleor_xcover_plugin.config.settings import SettingsError
from saleor_xcover_plugin.defect_log import UnexpectedError, log_defect, no_values_leave
from saleor_xcover_plugin.domain.confidential import ConfidentialBytes, ConfidentialRow
from saleor_xcover_plugin.domain.tickets import Policyholder
from saleor_xcover_plugin.xcover.payloads import confirm_body

ADA = Policyholder("Ada", "Lovelace", "ada@example.com", "+12125550123", "US", "New York")
EMAIL = ADA.email
log = logging.getLogger("saleor_xcover_plugin.tests")


class Form(BaseModel):
    age: int


def a_number() -> None:
    int(EMAIL)


def a_key() -> None:
    {}[EMAIL]


def a_form() -> None:
    Form(age=EMAIL)  # type: ignore[arg-type]


def a_row() -> None:
    raise IntegrityError(f"null value\nDETAIL:  Failing row contains ({EMAIL}).")


def a_chain() -> None:
    try:
        a_row()
    except IntegrityError as error:
        raise RuntimeError(EMAIL) from error


def a_chain_by_chance() -> None:
    try:
        a_number()
    except ValueError:
        a_key()


WAYS = [a_number, a_key, a_form, a_row, a_chain, a_chain_by_chance]


def locals_of(error: BaseException | None) -> list[str]:
    """Return what a tracker finds in the frames of an exception that have ended."""
    found = []
    while error is not None:
        step = error.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_name != step_of_test(step.tb_frame.f_code.co_name):
                found += [repr(value) for value in step.tb_frame.f_locals.values()]
            step = step.tb_next
        error = error.__cause__
    return found


def step_of_test(name: str) -> str:
    return name if name.startswith("test_") else ""


@pytest.mark.parametrize("fail", WAYS, ids=lambda way: way.__name__)
def test_a_log_entry_quotes_nobody(
    fail: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    def work(email: str) -> None:
        held = {"email": email}
        fail()
        raise AssertionError(held)

    try:
        work(EMAIL)
    except Exception:
        log_defect(log, "xcover.test.failed", order="7")
    (record,) = caplog.records
    assert (record.levelname, record.message, record.order) == ("ERROR", "xcover.test.failed", "7")
    # the kind and the place are there
    assert "UnexpectedError" in caplog.text
    assert f"in {fail.__name__}" in caplog.text
    # and neither text nor variables
    assert EMAIL not in caplog.text
    assert record.exc_info
    assert not [value for value in locals_of(record.exc_info[1]) if EMAIL in value]


@pytest.mark.parametrize("fail", WAYS, ids=lambda way: way.__name__)
def test_what_leaves_quotes_nobody(fail: Callable[[], None]) -> None:
    with pytest.raises(UnexpectedError) as caught, no_values_leave():
        fail()
    assert EMAIL not in str(caught.value)
    assert caught.value.__suppress_context__
    assert not [value for value in locals_of(caught.value) if EMAIL in value]


@pytest.mark.parametrize(
    "meant", [CommandError("Say so."), ValidationError("Say so."), SoftTimeLimitExceeded()]
)
def test_what_is_meant_for_the_caller_leaves_as_it_is(meant: Exception) -> None:
    with pytest.raises(type(meant)) as caught, no_values_leave():
        raise meant
    assert caught.value is meant


def test_our_own_texts_stay() -> None:
    ours = pytest.raises(UnexpectedError, match="SettingsError: API key is missing")
    with ours, no_values_leave():
        raise SettingsError("api_key", "API key is missing.")


def test_values_about_people_look_like_their_size() -> None:
    body = confirm_body(["q1"], ADA, transaction_id="7")
    row = ConfidentialRow([("email", EMAIL), ("number", 7)])
    assert repr(ADA) == "Policyholder(country='US')"
    assert repr(body) == f"<{len(body)} bytes>"
    assert repr(row) == "<row of 2 columns>"
    assert not [one for one in (ADA, body, row) if EMAIL in f"{one} {one!r}"]
    # and are what they were
    assert EMAIL.encode() in body
    assert body == bytes(body)
    assert isinstance(body, ConfidentialBytes)
    assert (row["email"], row.get("phone"), dict(**row)) == (
        EMAIL,
        None,
        {"email": EMAIL, "number": 7},
    )
