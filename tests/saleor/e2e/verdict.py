"""Judge a play with the plugin beside the play without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .compare import first_difference

Result = dict[str, Any]
Results = Mapping[str, Result]
Baselines = Mapping[str, Sequence[Result]]
"""Every play of each test without the plugin, the newest first.

Some of Saleor's answers depend on what was a moment sooner, so that no single play is the measure.
"""


class Verdict(StrEnum):
    SAME = "same"
    """The test ended as in a play without the plugin, with every answer in it (under the rule)."""
    DIFFERENT = "different"
    EXCUSED = "excused"
    """Different, by name and with its reason in ``excused.json``."""
    NEEDLESS = "needlessly excused"
    UNJUDGED = "fails without the plugin"
    """Saleor's own failure, or this machine's."""


@dataclass(frozen=True, slots=True)
class Judged:
    test: str
    verdict: Verdict
    why: str = ""

    @property
    def is_wrong(self) -> bool:
        return self.verdict in (Verdict.DIFFERENT, Verdict.NEEDLESS)


@dataclass(slots=True)
class Judgement:
    """One play of all tests, judged; and what became of every yes in it."""

    mode: str
    tests: list[Judged]
    said: int = 0
    ordered: int = 0
    kept: int = 0
    confirmed: int = 0
    no_offer: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> Counter[Verdict]:
        return Counter(judged.verdict for judged in self.tests)

    @property
    def is_good(self) -> bool:
        """Whether nothing was wrong; where covers were to be sold, some must have been."""
        was_tried = self.mode != "cover" or (self.kept > 0 and self.confirmed > 0)
        return bool(self.tests) and was_tried and not any(test.is_wrong for test in self.tests)


def judge(
    mode: str, baselines: Baselines, played: Results, excused: Mapping[str, str]
) -> Judgement:
    """Compare every test of a play with its baselines; ``excused`` gives reasons by test."""
    tests = [
        _judged(test, known, played.get(test), excused.get(test, ""))
        for test, known in baselines.items()
    ]
    strange = [
        Judged(test, Verdict.DIFFERENT, "was not played without the plugin")
        for test in played
        if test not in baselines
    ]
    strange += [
        Judged(test, Verdict.NEEDLESS, "there is no such test")
        for test in excused
        if test not in baselines
    ]
    judgement = Judgement(mode, tests + strange)
    for result in played.values():
        sales = result.get("sales", [])
        judgement.said += len(sales)
        judgement.ordered += sum(sale["is_ordered"] for sale in sales)
        judgement.kept += sum(sale["is_kept"] for sale in sales)
        judgement.confirmed += sum(sale["policy"] == "confirmed" for sale in sales)
        judgement.no_offer.update(result.get("no_offer", []))
    return judgement


def _judged(test: str, baselines: Sequence[Result], played: Result | None, excuse: str) -> Judged:
    ended = [baseline for baseline in baselines if baseline["outcome"] != "failed"]
    if any(_difference(baseline, played) is None for baseline in ended):
        return Judged(test, Verdict.NEEDLESS if excuse else Verdict.SAME, excuse)
    if baselines[0]["outcome"] == "failed":
        return Judged(test, Verdict.UNJUDGED, baselines[0]["why"])
    if excuse:
        return Judged(test, Verdict.EXCUSED, excuse)
    return Judged(test, Verdict.DIFFERENT, _difference(baselines[0], played) or "")


def _difference(baseline: Result, played: Result | None) -> str | None:
    if played is None:
        return "was not played"
    if played["outcome"] != baseline["outcome"]:
        return f"{played['outcome']}: {played['why']}"
    lost = [s for s in played.get("sales", []) if s["is_ordered"] and not s["is_kept"]]
    if lost:
        return f"a yes at {lost[0]['premium']} was not kept in the order"
    return first_difference(baseline.get("steps", []), played.get("steps", []))
