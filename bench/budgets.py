"""The performance budgets of the plugin (docs/performance.md), and their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .results import MUTATIONS

Numbers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A budget, its limit, the measured value, and whether the budget is met."""

    budget: str
    limit: str
    measured: str
    is_met: bool


def _no_calls(found: Numbers) -> Iterator[Verdict]:
    calls = sum(
        found[xcover][plugin][mutation]["http"]
        for xcover in found
        for plugin in found[xcover]
        if plugin.startswith("on")
        for mutation in MUTATIONS
    )
    yield Verdict("XCover calls inside checkout mutations", "0", str(calls), calls == 0)


def _added_time(found: Numbers) -> Iterator[Verdict]:
    for mutation in MUTATIONS:
        each = found[mutation]
        yield Verdict(
            f"{mutation}, plugin on against off, XCover at 300 ms",
            "<= 1.05",
            f"{each['ratio']:.3f} ({each['ratio_low']:.3f} to {each['ratio_high']:.3f})",
            each["ratio"] <= 1.05,
        )


def _dead_offer(found: Numbers) -> Iterator[Verdict]:
    asked = found["dead"]["unavailable, XCover was asked"]["worst"]
    refused = found["dead"]["unavailable, breaker open"]["median"]
    at_once = found["0 ms"]["storefront asks"]["median"]
    yield Verdict("offer request, XCover dead", "<= 3 s", f"{asked:.2f} s", asked <= 3.0)
    yield Verdict(
        "offer request, breaker open",
        "no longer than with XCover at 0 ms",
        f"{refused * 1000:.0f} ms",
        refused <= at_once,
    )


def _draining(found: Numbers) -> Iterator[Verdict]:
    runs = [each for workers in found["rates"].values() for each in workers.values()]
    refused = sum(each["throttled"] for each in runs)
    wrong = sum(each["lost"] + each["doubled"] for each in runs)
    for rate, workers in found["rates"].items():
        best = max(each["confirmed_per_second"] for each in workers.values())
        yield Verdict(
            f"confirmations of {rate} allowed per second",
            ">= 90 %",
            f"{best / float(rate):.0%}",
            best >= 0.9 * float(rate),
        )
    yield Verdict("429 caused by us, any number of workers", "0", str(refused), refused == 0)
    yield Verdict("policies lost or doubled meanwhile", "0", str(wrong), wrong == 0)


def _growing(found: Numbers) -> Iterator[Verdict]:
    sizes = sorted(found, key=int)
    small, big = (found[size]["sweep"]["median"] for size in (sizes[0], sizes[-1]))
    yield Verdict(
        f"sweep, {int(sizes[-1]):,} orders against {int(sizes[0]):,}",
        "<= 1.5",
        f"{big / small:.2f}",
        big <= 1.5 * small,
    )


def _small(found: Numbers) -> Iterator[Verdict]:
    yield Verdict(
        "storefront element, gzip", "< 9 kB", f"{found['gzip']} bytes", found["gzip"] < 9_000
    )


_JUDGES: Mapping[str, tuple[Callable[[Numbers], Iterator[Verdict]], ...]] = {
    "added": (_added_time,),
    "mutations": (_no_calls,),
    "offers": (_dead_offer,),
    "confirmations": (_draining,),
    "history": (_growing,),
    "element": (_small,),
}


def judge(results: Mapping[str, Mapping[str, Any]]) -> list[Verdict]:
    """Return a verdict for each budget whose benchmark was run."""
    return [
        verdict
        for name, judges in _JUDGES.items()
        if name in results
        for each in judges
        for verdict in each(results[name]["numbers"])
    ]


def unmeasured(results: Mapping[str, Any]) -> list[str]:
    """Return the benchmarks with budgets that were not run."""
    return [name for name in _JUDGES if name not in results]
