"""The report of ``xcover_go_live`` as one HTML page to send to Cover Genius."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from saleor_xcover_plugin.management.report.markup import node, page

from . import Ended

TITLE = "Acceptance of ticket protection"


def acceptance_page(
    facts: Mapping[str, str], ended: Sequence[Ended], verdict: str, made_at: datetime
) -> str:
    """Return the report as one HTML page.

    ``facts`` are the rows of the first table, name to value. ``verdict`` is the sentence under the
    title. ``made_at`` is shown in UTC and must be in UTC.
    """
    rows = {**facts, "Played": f"{made_at:%Y-%m-%d %H:%M} UTC"}
    contents = [_section("What was called", _facts(rows)), _section("Cases", _cases(ended))]
    return page(f"{TITLE}, {made_at:%Y-%m-%d}", TITLE, verdict, contents)


def _section(title: str, content: Element) -> Element:
    return node("section", node("h2", title), node("div", content, class_="wide"))


def _facts(facts: Mapping[str, str]) -> Element:
    return node(
        "table",
        node("tbody", *(_row(name, (value,)) for name, value in facts.items())),
        class_="texts",
    )


def _cases(ended: Sequence[Ended]) -> Element:
    columns = ("Case", "Outcome", "Expected", "What came", "Seconds", "At (UTC)")
    head = node("thead", node("tr", *(node("th", name, scope="col") for name in columns)))
    rows = [
        _row(
            each.case,
            (
                each.outcome.value,
                each.expected,
                each.found,
                f"{each.seconds:.1f}",
                f"{each.at:%H:%M:%S}",
            ),
        )
        for each in ended
    ]
    return node("table", head, node("tbody", *rows), class_="texts")


def _row(name: str, values: Sequence[str]) -> Element:
    return node("tr", node("th", name, scope="row"), *(node("td", value) for value in values))
