"""The tables of docs/performance.md, made from the kept results.

Each public function returns one table in Markdown; ``PARTS`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testkit.generated_tables import table

from . import budgets
from .results import DAY, MUTATIONS, NAMES, OURS

Numbers = Mapping[str, Any]
Results = Mapping[str, Mapping[str, Any]]


def verdicts(results: Results) -> str:
    """Return the budgets and their verdicts."""
    rows = [
        (each.budget, each.limit, each.measured, "met" if each.is_met else "**missed**")
        for each in budgets.judge(results)
    ]
    rows += [(name, "", "not measured", "") for name in budgets.unmeasured(results)]
    return table(("budget", "limit", "measured", ""), rows)


def circumstances(results: Results) -> str:
    """Return date, versions and machine of each benchmark."""
    rows = []
    for name in (name for name in NAMES if name in results):
        result = results[name]
        machine, versions = result["machine"], result["versions"]
        where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB"
        on = f"{machine['system']}, Python {machine['python']}"
        said = ", ".join(f"{what} {version}" for what, version in versions.items())
        load = f"{machine['load']:.2f}"
        rows.append((name, result["on"], said, f"{where}; {on}", load, f"{result['took']} s"))
    return table(("benchmark", "on", "versions", "machine", "load before", "took"), rows)


def added(results: Results) -> str:
    """Return the times with the plugin off and on, and the part spent inside its hooks."""
    rows = [
        (
            mutation,
            *(_milliseconds(each[name]) for name in ("off", "on")),
            f"{each['ratio']:.3f} ({each['ratio_low']:.3f} to {each['ratio_high']:.3f})",
            _milliseconds(each["inside"]),
            f"{each['inside']['median'] / each['off']['median']:.1%}",
            _more(each["function_calls"]),
        )
        for mutation, each in _numbers(results, "added").items()
    ]
    head = ("mutation", "off", "on", "on / off", "inside our hooks", "of off", "function calls")
    return table(head, rows)


def _more(counts: Mapping[str, int]) -> str:
    """Return the count without the plugin, and the difference with it."""
    off, on = counts["off"], counts["on"]
    return f"{off:,} and {on - off:+,} ({on / off - 1:+.1%})"


def mutations(results: Results) -> str:
    """Return the duration of each mutation by plugin."""
    found = _numbers(results, "mutations")
    parts = []
    for mutation in MUTATIONS:
        rows = []
        for plugin in next(iter(found.values()), {}):
            cells = [_milliseconds(by.get(plugin, {}).get(mutation)) for by in found.values()]
            counts = found["0 ms"][plugin][mutation]
            rows.append((plugin, *cells, str(counts["sql"]), str(counts["http"])))
        head = ("plugin", *(f"XCover {name}" for name in found), "SQL", "calls")
        parts.append(f"`{mutation}`\n\n{table(head, rows)}")
    return "\n".join(parts)


def offers(results: Results) -> str:
    """Return the time until an offer is shown."""
    rows = [
        (xcover, way, _milliseconds(spread), str(spread.get("xcover", "")))
        for xcover, ways in _numbers(results, "offers").items()
        for way, spread in ways.items()
    ]
    return table(("XCover", "way", "time", "offers asked of XCover"), rows)


def cost(results: Results) -> str:
    """Return the processor time of a confirmation beside a day's work."""
    found = dict(_numbers(results, "cost"))
    found.pop("statements", None)
    rows = [
        (
            way,
            xcover,
            _milliseconds(each[OURS]),
            _milliseconds(each[DAY]),
            f"{each['ratio']:.2f} ({each['ratio_low']:.2f} to {each['ratio_high']:.2f})",
        )
        for way, xcovers in found.items()
        for xcover, each in xcovers.items()
    ]
    return table(("way", "XCover", OURS, DAY, "ratio"), rows)


def statements(results: Results) -> str:
    """Return the statements of a confirmation, drained, beside a day's work."""
    found = _numbers(results, "cost").get("statements", {})
    kinds = ("statement", "transaction", "savepoint")
    rows = [(arm, *(f"{each.get(kind, 0):g}" for kind in kinds)) for arm, each in found.items()]
    return table(("", "statements", "BEGIN and COMMIT", "SAVEPOINT and RELEASE"), rows)


def growth(results: Results) -> str:
    """Return statements and processor time of each step by lines, metadata and channels."""
    parts = []
    for factor, sizes in _numbers(results, "growth").items():
        smallest = next(iter(sizes.values()))
        rows = [
            (
                f"{int(size):,}",
                *(_grown(each, smallest[step]) for step, each in steps.items()),
            )
            for size, steps in sizes.items()
        ]
        parts.append(table((factor, *smallest), rows))
    return "\n".join(parts)


def _grown(each: Mapping[str, Any], smallest: Mapping[str, Any]) -> str:
    """Return statements, transactions and the time as a multiple of the smallest size's."""
    counts, took = each["statements"], each["work"]["median"]
    times = took / smallest["work"]["median"]
    statements = f"{counts['statement']:g} + {counts.get('transaction', 0):g}"
    return f"{statements}, {took * 1000:.1f} ms, x {times:.1f}"


def rush(results: Results) -> str:
    """Return what became of checkouts and paid orders in a rush."""
    found = _numbers(results, "rush")
    if not found:
        return ""
    offers, made = found["offers"], found["confirmations"]
    without = offers.get("answer without an offer")
    rows = [
        ("checkouts", f"{found['checkouts']:,} in {found['seconds']:.0f} s"),
        ("agreed calls per second", str(found["agreed"])),
        ("divided by", f"{found['scale']:.1f}"),
        ("offers asked of XCover", str(offers["asked"])),
        ("checkouts with an offer", str(offers["offered"])),
        *((f"checkouts without: `{code}`", str(n)) for code, n in offers["withheld"].items()),
        ("from the first request to the offer", _milliseconds(offers.get("until offered"))),
        ("answer without an offer", _milliseconds(without)),
        (
            "orders paid, of that confirmed within the rush",
            f"{made['paid']}, {made['within the rush']}",
        ),
        ("from payment to policy", _milliseconds(made["until confirmed"] or None)),
        ("checkoutCreate off", _milliseconds(found["probe"]["off"])),
        ("checkoutCreate on", _milliseconds(found["probe"]["on"])),
        (
            "on / off, quiet and in the rush",
            f"{found['quiet']['ratio']:.3f}, {found['probe']['ratio']:.3f}",
        ),
        ("429", str(found["throttled"])),
        *((f"left waiting: {what}", str(n)) for what, n in found["left"].items()),
    ]
    return table(("", ""), rows)


def confirmations(results: Results) -> str:
    """Return the policies confirmed per second, by rate and number of workers."""
    found = _numbers(results, "confirmations")
    if not found:
        return ""
    rows = [
        (
            rate,
            workers,
            f"{each['confirmed_per_second']:.1f}",
            f"{each['confirmed_per_second'] / float(rate):.0%}",
            f"{each['machine_busy']:.0%}",
            str(each["throttled"]),
            str(each["lost"] + each["doubled"]),
        )
        for rate, runs in found["rates"].items()
        for workers, each in runs.items()
    ]
    vendor = found["vendor"]["confirmed_per_second"]
    rows.append(("", "xcover-python in a loop", f"{vendor:.1f}", "", "", "", ""))
    head = ("allowed/s", "workers", "per second", "of the rate", "machine busy")
    return table((*head, "429", "lost or doubled"), rows)


def history(results: Results) -> str:
    """Return the duration of sweep and reconciliation by number of orders."""
    rows = [
        (f"{int(size):,}", what, _milliseconds(spread), str(spread.get("orders", "")))
        for size, each in _numbers(results, "history").items()
        for what, spread in each.items()
    ]
    return table(("orders in the store", "what", "time", "orders looked at"), rows)


def calls(results: Results) -> str:
    """Return the cost of one call for each client."""
    rows = [
        (client, _milliseconds(each["clock"]), _milliseconds(each["work"]))
        for client, each in _numbers(results, "calls").items()
    ]
    return table(("client", "on the clock", "own work"), rows)


def memory(results: Results) -> str:
    """Return the memory after the warm-up, at the end, and the maximum."""
    found = dict(_numbers(results, "memory"))
    count = found.pop("operations", 0)
    counts = found.pop("counts", {})
    rows = [
        (
            what,
            f"{counts.get(what, count):,}",
            *(f"{each:.0f} MiB" for each in (held[0], held[-1], max(held))),
        )
        for what, held in found.items()
    ]
    return table(("", "operations", "after a tenth", "at the end", "most"), rows)


def element(results: Results) -> str:
    """Return size and speed of the storefront element."""
    return _sizes_and_times(results, "element")


def desk(results: Results) -> str:
    """Return size and speed of the desk."""
    return _sizes_and_times(results, "desk")


def _sizes_and_times(results: Results, name: str) -> str:
    found = dict(_numbers(results, name))
    rows = [
        (what, _milliseconds(each) if isinstance(each, dict) else f"{each:,} bytes")
        for what, each in found.items()
    ]
    return table(("", ""), [(("file" if what == "bytes" else what), told) for what, told in rows])


PARTS = (
    verdicts,
    circumstances,
    added,
    mutations,
    offers,
    cost,
    statements,
    growth,
    rush,
    confirmations,
    history,
    calls,
    memory,
    element,
    desk,
)


def _numbers(results: Results, name: str) -> Numbers:
    found: Numbers = results.get(name, {}).get("numbers", {})
    return found


def _milliseconds(spread: Mapping[str, float] | None) -> str:
    """Return the median, with the quartiles in brackets."""
    if spread is None:
        return "-"
    median, low, high = (_rounded(spread[name] * 1000) for name in ("median", "low", "high"))
    return f"{median} ms ({low} to {high})"


def _rounded(amount: float) -> str:
    return f"{amount:.1f}" if amount < 20 else f"{amount:,.0f}"
