"""What a run of chaos found: Markdown for people, JSON for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from testkit.load.outage import Drain
from testkit.load.witness import Finding

from .event import EventRun
from .in_between import Between
from .random_kills import Chaos

_BARS = 40
ENOUGH = 0.9
"""The part of the allowed rate a backlog is to be sent at, where the machine has it in it."""

_EDGES = (60, 65, 90, 120, 180, 240, 300, 600, 1200, 3600)


@dataclass(slots=True)
class Report:
    """Parts that were not run are None or empty."""

    chaos: Chaos | None = None
    between: Between | None = None
    outage: Drain | None = None
    throughput: list[Drain] = field(default_factory=list)
    event: EventRun | None = None
    load: list[str] = field(default_factory=list)
    """The machine's load average (1, 5, 15 minutes) before each part and at the end."""

    @property
    def findings(self) -> list[Finding]:
        parts = [self.chaos, self.between, self.outage, self.event, *self.throughput]
        return [part.finding for part in parts if part is not None]

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled or wrong, and nothing refused with 429 that we caused."""
        refused = sum(sum(d.throttled.values()) for d in self._drains())
        return all(finding.is_clean for finding in self.findings) and not refused

    def note_load(self, part: str) -> None:
        loads = " ".join(f"{value:.1f}" for value in os.getloadavg())
        self.load.append(f"{part}: {loads}")

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(self.text())
        (folder / "report.json").write_text(self.json())

    def json(self) -> str:
        return json.dumps({**asdict(self), "is_clean": self.is_clean}, indent=1, default=str)

    def text(self) -> str:
        lines = [f"{os.cpu_count()} cores, Python {platform.python_version()}. Load average"]
        lines += [f"  {load}" for load in self.load]
        if self.chaos:
            lines += ["", *_chaos_lines(self.chaos)]
        if self.between:
            lines += ["", *_between_lines(self.between)]
        if self.outage:
            lines += ["", *_outage_lines(self.outage)]
        if self.throughput:
            lines += ["", *_throughput_lines(self.throughput)]
        if self.event:
            lines += ["", *_event_lines(self.event)]
        for finding in self.findings:
            problems = (*finding.lost, *finding.doubled, *finding.wrong)
            lines += [f"- {problem}" for problem in problems[:50]]
        return "\n".join([*lines, ""])

    def _drains(self) -> Iterable[Drain]:
        return [*([self.outage] if self.outage else []), *self.throughput]


def _chaos_lines(chaos: Chaos) -> list[str]:
    calls = sum(n for name, n in chaos.calls.items() if name != "create_offer")
    rows = [
        ("paid orders", chaos.orders),
        ("lost", len(chaos.finding.lost)),
        ("doubled", len(chaos.finding.doubled)),
        ("otherwise wrong", len(chaos.finding.wrong)),
        ("workers at a time", chaos.workers),
        ("kills (SIGKILL)", chaos.kills),
        ("sent again by a person (`xcover_replay`)", chaos.replays),
        ("of them with an unsettled message in hand", chaos.in_flight),
        ("calls to XCover after the offers", calls),
        ("faults met", f"{sum(chaos.faults.values())} {_counts(chaos.faults)}"),
        ("real time", f"{chaos.real_seconds:.0f} s"),
        ("the plugin's time", f"{chaos.plugin_seconds / 60:.0f} min"),
        ("seed", chaos.seed),
    ]
    return [
        "Random kills",
        "",
        *_table(("what", "how much"), rows),
        "",
        "Seconds (the plugin's) from a kill to the settling of the message in hand",
        "",
        *_table(("median", "90 %", "99 %", "max"), [_quantiles(chaos.recoveries)]),
        "",
        *_histogram(chaos.recoveries),
    ]


def _between_lines(run: Between) -> list[str]:
    rows = [
        ("paid orders", f"{run.orders} {_counts(run.changes)}"),
        ("lost, doubled, otherwise wrong", _verdict(run.finding)),
        (
            "policies of orders refunded, or whose event had begun, before anything was sent",
            run.policies_too_many,
        ),
        ("changed when a dead worker had left it open whether they were sent", run.unknown),
        ("calls turned away (401, 403, 429)", run.turned_away),
        ("kills (SIGKILL)", run.kills),
        ("calls to XCover", _counts(run.calls)),
        ("real time", f"{run.seconds:.0f} s"),
        ("seed", run.seed),
    ]
    return ["Changed before it was sent", "", *_table(("what", "how much"), rows)]


def _outage_lines(drain: Drain) -> list[str]:
    rows = [
        ("covers that waited", drain.backlog),
        ("workers", drain.workers),
        ("confirm calls while XCover was dead for an hour", drain.calls_in_outage),
        ("policies per second over the drain", _rate(drain)),
        (f"of the allowed {drain.allowed}/s", _share(drain)),
        (f"at least {ENOUGH:.0%} of it", _yes_or_no(drain)),
        ("length of the drain", f"{drain.seconds:.0f} s"),
        ("429 at XCover", sum(drain.throttled.values())),
        ("busiest second at XCover", drain.busiest_second["selling"]),
        ("lost, doubled, otherwise wrong", _verdict(drain.finding)),
    ]
    waits = [
        ("backlog, from XCover's return", len(drain.backlog_waits), *_ends(drain.backlog_waits)),
        ("sold meanwhile, from the payment", len(drain.fresh_waits), *_ends(drain.fresh_waits)),
    ]
    return [
        "An hour without XCover",
        "",
        *_table(("what", "how much"), rows),
        "",
        *_table(("seconds until the policy", "orders", "median", "max"), waits),
    ]


def _event_lines(run: EventRun) -> list[str]:
    rows = [
        ("policies", run.policies),
        ("runs of xcover_event begun", run.runs),
        ("of them killed (SIGKILL)", run.kills),
        ("previews and cancellations at XCover", _counts(_cancelling(run.calls))),
        ("due to the buyers", run.due),
        ("real time", f"{run.seconds:.0f} s"),
        ("lost, doubled, otherwise wrong", _verdict(run.finding)),
    ]
    return ["A cancelled event", "", *_table(("what", "how much"), rows)]


def _cancelling(calls: dict[str, int]) -> dict[str, int]:
    return {name: calls.get(name, 0) for name in ("cancel", "confirm_cancellation")}


def _throughput_lines(drains: Sequence[Drain]) -> list[str]:
    head = (
        "workers",
        "covers",
        "policies/s",
        f"of {drains[0].allowed}/s",
        "429",
        "lost, doubled, wrong",
    )
    rows = [
        (
            d.workers,
            d.backlog,
            _rate(d),
            _share(d),
            sum(d.throttled.values()),
            _verdict(d.finding),
        )
        for d in drains
    ]
    return ["Throughput", "", *_table(head, rows)]


def _rate(drain: Drain) -> str:
    return f"{drain.rate:.1f}" if drain.rate else "not measured"


def _share(drain: Drain) -> str:
    return f"{drain.share:.0%}" if drain.rate else "not measured"


def _yes_or_no(drain: Drain) -> str:
    if not drain.rate:
        return "not measured"
    return "yes" if drain.share >= ENOUGH else "no"


def _verdict(finding: Finding) -> str:
    return f"{len(finding.lost)}, {len(finding.doubled)}, {len(finding.wrong)}"


def _counts(found: dict[str, int]) -> str:
    return "(" + ", ".join(f"{name} {count}" for name, count in sorted(found.items())) + ")"


def _quantiles(values: Sequence[float]) -> tuple[str, ...]:
    if not values:
        return ("-",) * 4
    last = len(values) - 1
    return tuple(f"{values[round(last * part)]:.0f}" for part in (0.5, 0.9, 0.99, 1.0))


def _ends(values: Sequence[float]) -> tuple[str, str]:
    return (f"{median(values):.1f}", f"{max(values):.1f}") if values else ("-", "-")


def _histogram(values: Sequence[float]) -> list[str]:
    """Draw how many values lie in each span of seconds."""
    if not values:
        return []
    spans = list(zip((0, *_EDGES), (*_EDGES, float("inf")), strict=True))
    counts = [sum(low <= value < high for value in values) for low, high in spans]
    most = max(counts)
    return [
        f"    {low:>5} to {high:>5} s {count:>5} {'#' * round(_BARS * count / most)}"
        for (low, high), count in zip(spans, counts, strict=True)
        if count
    ]


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
