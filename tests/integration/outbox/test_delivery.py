"""A question about a policy says what it found, never what became of a call."""

from dataclasses import dataclass
from typing import Any

import pytest

from saleor_xcover_plugin.outbox.handlers import NotShown, ask_for, look_up
from saleor_xcover_plugin.xcover.errors import (
    XCoverBadResponse,
    XCoverError,
    XCoverMisconfigured,
    XCoverNotFound,
    XCoverStatusConflict,
    XCoverThrottled,
    XCoverUnavailable,
)


@dataclass
class Line:
    """A client that answers every question alike."""

    answer: Any

    def get_booking(self, booking_id: str) -> Any:
        if isinstance(self.answer, XCoverError):
            raise self.answer
        return booking_id, self.answer


@pytest.mark.parametrize("ask", [ask_for, look_up])
def test_a_policy_that_is_shown_is_the_answer(ask: Any) -> None:
    assert ask(Line("shown"), "A-INS") == ("A-INS", "shown")


@pytest.mark.parametrize("ask", [ask_for, look_up])
@pytest.mark.parametrize("refusal", [XCoverNotFound, XCoverStatusConflict])
def test_a_refusal_to_show_it_is_asked_again(ask: Any, refusal: type[XCoverError]) -> None:
    with pytest.raises(NotShown, match=r"^the policy could not be looked up: no \(HTTP 404\)"):
        ask(Line(refusal("no", status=404)), "A-INS")


@pytest.mark.parametrize(
    "error", [XCoverUnavailable("no answer", status=503), XCoverUnavailable("no answer")]
)
def test_no_answer_stays_what_it_is(error: XCoverError) -> None:
    with pytest.raises(XCoverUnavailable) as caught:
        look_up(Line(error), "A-INS")

    assert caught.value is error


@pytest.mark.parametrize(
    "error",
    [
        XCoverThrottled("slow down", status=429, retry_after=7.0),
        XCoverMisconfigured("access refused", status=403),
        XCoverBadResponse("unreadable"),
    ],
)
def test_that_a_question_was_turned_away_does_not_mean_that_the_call_was(
    error: XCoverError,
) -> None:
    with pytest.raises(XCoverUnavailable) as caught:
        look_up(Line(error), "A-INS")

    assert caught.value is not error
    assert not caught.value.was_turned_away
    assert str(caught.value) == str(error)
    assert caught.value.retry_after == error.retry_after
