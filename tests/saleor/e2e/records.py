"""Whole good runs of Saleor's own tests, kept as data: the README's table is made of them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from testkit.saleor.version import minor_of

from .verdict import Judgement, Verdict

RECORDS = Path(__file__).resolve().parents[3] / "fixtures" / "saleor" / "e2e.json"


def record(version: str, commit: str, judgements: list[Judgement]) -> Path:
    """Keep the newest whole run of this Saleor minor version; return where."""
    known = read()
    known[minor_of(version)] = {
        "saleor": version,
        "on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit,
        **{judgement.mode: summary(judgement) for judgement in judgements},
    }
    RECORDS.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    return RECORDS


def read() -> dict[str, dict[str, Any]]:
    """Return the recorded runs by minor version."""
    return json.loads(RECORDS.read_text()) if RECORDS.exists() else {}


def summary(judgement: Judgement) -> dict[str, int]:
    """Count what was judged and, with cover, what became of every yes."""
    counted = {verdict.name.lower(): judgement.counts[verdict] for verdict in Verdict}
    if judgement.mode != "cover":
        return counted
    yes = ("said", "ordered", "kept", "confirmed")
    return {**counted, **{name: getattr(judgement, name) for name in yes}}
