"""One is not many."""

import re
from pathlib import Path

import pytest

from saleor_xcover_plugin.domain.numbers import counted

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 policies"), (1, "1 policy"), (2, "2 policies"), (-1, "-1 policies")]
)
def test_a_number_has_its_noun(number, said):
    assert counted(number, "policy", "policies") == said


def test_a_regular_noun_needs_no_plural():
    assert (counted(1, "order"), counted(3, "order")) == ("1 order", "3 orders")


BUILT = ROOT / "saleor_xcover_plugin" / "static"
"""What is built from dashboard/ and storefront/: short names, and libraries."""


def test_no_text_leaves_the_choice_to_its_reader():
    """``2 ticket(s)`` is what a program says that cannot count."""
    texts = [
        path
        for folder in ("saleor_xcover_plugin", "demo", "docs", "dashboard/src", "storefront/src")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".ts", ".tsx", ".md", ".html")
        and BUILT not in path.parents
    ]
    assert texts
    assert [path.name for path in texts if re.search(r"[a-z]\(s\)", path.read_text())] == []
