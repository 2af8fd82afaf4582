"""The performance budgets of the plugin (docs/performance.md), and their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .results import DAY, MUTATIONS, OURS

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
            "<= 1.05 at the upper end",
            f"{each['ratio']:.3f} ({each['ratio_low']:.3f} to {each['ratio_high']:.3f})",
            each["ratio_high"] <= 1.05,
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


def _cost(found: Numbers) -> Iterator[Verdict]:
    ways = {"drained": 1.0, "rush": 1.5, "one by one": 1.5}
    for way, limit in ways.items():
        for xcover, each in found[way].items():
            yield Verdict(
                f"confirmation, {way}, against {DAY}, XCover at {xcover}",
                f"<= {limit}",
                f"{each['ratio']:.2f} ({each['ratio_low']:.2f} to {each['ratio_high']:.2f})",
                each["ratio"] <= limit,
            )
    count = found["statements"][OURS]["statement"]
    yield Verdict("statements per confirmation, drained", "<= 4", f"{count:g}", count <= 4)


def _fast_offer(found: Numbers) -> Iterator[Verdict]:
    took = found["0 ms"]["of that, the request for the offer"]["median"]
    yield Verdict("first offer, XCover at 0 ms", "<= 0.15 s", f"{took:.3f} s", took <= 0.15)


def _flat(found: Numbers) -> Iterator[Verdict]:
    sizes = sorted(found["lines"], key=int)
    for step in ("offer", "hook", "confirmation"):
        one, most = (found["lines"][size][step]["statements"]["statement"] for size in _ends(sizes))
        yield Verdict(
            f"{step}, statements with {sizes[-1]} lines against {sizes[0]}",
            "the same",
            f"{most:g} against {one:g}",
            most <= one,
        )
    count = found["lines"][sizes[0]]["offer"]["statements"]["statement"]
    yield Verdict("first offer, statements", "<= 20", f"{count:g}", count <= 20)


def _ends(sizes: Sequence[str]) -> tuple[str, str]:
    return sizes[0], sizes[-1]


def _steady(found: Numbers) -> Iterator[Verdict]:
    grown = {
        name: found[f"web, plugin {name}"][-1] - found[f"web, plugin {name}"][0]
        for name in ("off", "on")
    }
    yield Verdict(
        f"memory of a web process over {found['operations']:,} operations, plugin on against off",
        "no more growth",
        f"{grown['on']:.1f} MiB against {grown['off']:.1f} MiB",
        grown["on"] <= max(grown["off"], 0) + NOISE,
    )


NOISE = 1.0
"""MiB by which two equal web processes differed after so many operations."""


def _rushed(found: Numbers) -> Iterator[Verdict]:
    quiet, rush = found["quiet"], found["probe"]
    yield Verdict(
        "rush: checkoutCreate, plugin on against off",
        "<= 1.05",
        f"{rush['ratio']:.3f} (quiet: {quiet['ratio']:.3f})",
        rush["ratio"] <= 1.05,
    )
    paid, made = found["confirmations"]["paid"], found["confirmations"]["within the rush"]
    yield Verdict(
        "rush: paid orders confirmed within it",
        ">= 95 %",
        f"{made / paid:.0%}",
        made >= 0.95 * paid,
    )
    told = found["offers"].get("answer without an offer", {"high": 0.0})["high"]
    yield Verdict("rush: answer to who gets no offer", "<= 0.5 s", f"{told:.2f} s", told <= 0.5)
    left = sum(found["left"].values()) + found["throttled"]
    yield Verdict("rush: 429, and what is left waiting after it", "0", str(left), left == 0)


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
    own = found["offer shown by a page of its own"]["median"]
    for name, way in (
        ("offer shown by the element, nothing cached", "nothing cached"),
        ("offer shown by the element, its module cached", "module cached"),
    ):
        if name not in found:
            continue
        later = 1000 * (found[name]["median"] - own)
        yield Verdict(
            f"storefront element: offer later than on a page of its own, {way}",
            "<= 50 ms",
            f"{later:.0f} ms",
            later <= 50,
        )


def _light(found: Numbers) -> Iterator[Verdict]:
    size = found["gzip"]
    yield Verdict("desk, gzip", "< 250 kB", f"{size / 1000:.0f} kB", size < 250_000)
    lists = {name: each["high"] for name, each in found.items() if name.startswith("first list")}
    for name, seconds in lists.items():
        yield Verdict(f"desk: {name}", "<= 1 s", f"{seconds:.2f} s", seconds <= 1)


_JUDGES: Mapping[str, tuple[Callable[[Numbers], Iterator[Verdict]], ...]] = {
    "added": (_added_time,),
    "mutations": (_no_calls,),
    "offers": (_dead_offer, _fast_offer),
    "cost": (_cost,),
    "growth": (_flat,),
    "rush": (_rushed,),
    "memory": (_steady,),
    "confirmations": (_draining,),
    "history": (_growing,),
    "element": (_small,),
    "desk": (_light,),
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
