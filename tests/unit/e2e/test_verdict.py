"""What is judged of a play, and when a whole run is good."""

from __future__ import annotations

from typing import Any

from tests.saleor.e2e.verdict import Verdict, judge

SALE = {"premium": 6.66, "is_ordered": True, "is_kept": True, "policy": "confirmed"}


def result(outcome: str = "passed", total: float = 20.0, **more: Any) -> dict[str, Any]:
    steps = [{"operation": "checkout", "answer": {"data": {"total": total}}}]
    return {"outcome": outcome, "why": "because", "steps": steps, **more}


def verdict_of(baseline: dict[str, Any], played: dict[str, Any], excuse: str = "") -> Verdict:
    excused = {"test": excuse} if excuse else {}
    (judged,) = judge("cover", {"test": [baseline]}, {"test": played}, excused).tests
    return judged.verdict


def test_the_same_end_and_the_same_answers_are_the_same():
    assert verdict_of(result(), result(sales=[SALE])) is Verdict.SAME


def test_a_passed_test_with_another_answer_is_different():
    assert verdict_of(result(), result(total=20.01)) is Verdict.DIFFERENT


def test_a_yes_that_is_not_in_the_order_is_different():
    lost = {**SALE, "is_kept": False}

    assert verdict_of(result(), result(sales=[lost])) is Verdict.DIFFERENT


def test_what_fails_without_the_plugin_is_not_judged():
    assert verdict_of(result("failed"), result("failed", total=1.0)) is Verdict.UNJUDGED


def test_an_excuse_is_only_good_for_a_difference():
    assert verdict_of(result(), result("failed"), "a reason") is Verdict.EXCUSED
    assert verdict_of(result(), result(), "a reason") is Verdict.NEEDLESS


def test_a_run_without_one_kept_and_confirmed_cover_is_not_good():
    baseline = {"test": [result()]}

    assert not judge("cover", baseline, {"test": result()}, {}).is_good
    assert judge("cover", baseline, {"test": result(sales=[SALE])}, {}).is_good
    assert judge("quiet", baseline, {"test": result()}, {}).is_good
    unconfirmed = {**SALE, "policy": "placed"}
    assert not judge("cover", baseline, {"test": result(sales=[unconfirmed])}, {}).is_good


def test_a_test_that_was_not_played_is_different():
    (judged,) = judge("quiet", {"test": [result()]}, {}, {}).tests

    assert (judged.verdict, judged.why) == (Verdict.DIFFERENT, "was not played")


def test_any_play_without_the_plugin_is_a_measure():
    # Saleor itself answered in two ways.
    known = {"test": [result(total=20.0), result("failed"), result(total=21.0)]}

    def judged(played: dict[str, Any]) -> Verdict:
        (found,) = judge("quiet", known, {"test": played}, {}).tests
        return found.verdict

    assert judged(result(total=20.0)) is Verdict.SAME
    assert judged(result(total=21.0)) is Verdict.SAME
    assert judged(result(total=22.0)) is Verdict.DIFFERENT
    assert judged(result("failed")) is Verdict.DIFFERENT


def test_a_play_that_failed_lately_without_the_plugin_is_no_measure():
    known = {"test": [result("failed"), result(total=20.0)]}

    (same,) = judge("quiet", known, {"test": result(total=20.0)}, {}).tests
    (other,) = judge("quiet", known, {"test": result(total=22.0)}, {}).tests

    assert (same.verdict, other.verdict) == (Verdict.SAME, Verdict.UNJUDGED)
