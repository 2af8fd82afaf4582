"""The page about personal data names every period, obstacle and refusal, as the code does."""

from pathlib import Path

import pytest

from saleor_xcover_plugin.domain import erasure, retention

from .generated import require_current, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def periods() -> str:
    rows = [
        (f"`--{name}`", period.meaning, f"{period.days:,}", f"{period.least:,}")
        for name, period in retention.OPTIONS.items()
    ]
    return table(("option", "what", "days", "at least"), rows)


def obstacles() -> str:
    rows = [(f"`{code.value}`", text) for code, text in retention.SENTENCES.items()]
    return table(("kept", "why, and what ends it"), rows)


def refusals() -> str:
    rows = [(f"`{code.value}`", text) for code, text in erasure.SENTENCES.items()]
    return table(("code", "what to do first"), rows)


@pytest.mark.parametrize("part", [periods, obstacles, refusals])
def test_a_generated_table_is_current(part, request):
    update = request.config.getoption("--update-golden")
    require_current(PAGE, part.__name__, part(), update=update)
