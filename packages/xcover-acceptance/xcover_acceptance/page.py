"""The result of ``xcover_go_live`` as one page to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from saleor_xcover_plugin.management.report.rendering import render

from . import Ended

TITLE = "Acceptance of ticket protection"
TEMPLATES = Path(__file__).parent / "templates"


def acceptance_page(
    facts: Mapping[str, str], ended: Sequence[Ended], verdict: str, made_at: datetime
) -> str:
    """Write the page: what was called, what each case expected and what came."""
    values = {
        "title": f"{TITLE}, {made_at:%Y-%m-%d}",
        "heading": TITLE,
        "said": verdict,
        "facts": [*facts.items(), ("Played", f"{made_at:%Y-%m-%d %H:%M} UTC")],
        "cases": [_texts(each) for each in ended],
    }
    return render("acceptance.html", values, TEMPLATES)


def _texts(ended: Ended) -> dict[str, str]:
    return {
        "name": ended.case,
        "outcome": ended.outcome.value,
        "expected": ended.expected,
        "found": ended.found,
        "seconds": f"{ended.seconds:.1f}",
        "at": f"{ended.at:%H:%M:%S}",
    }
