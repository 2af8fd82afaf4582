"""Plots: valid SVG whose heights are proportional to what they show."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.management.report.plots import BASE, TOP, Plot, Series, bars, line
from saleor_xcover_plugin.management.report.rendering import render

FIRST = date(2026, 11, 1)


def plot_of(days, **changes):
    wanted = {
        "id": "p",
        "title": "Premium per day, USD",
        "description": "6.66 USD in all.",
        "days": [FIRST + timedelta(days=n) for n in range(days)],
        "text_of": str,
        "least_step": Decimal("0.01"),
    }
    return Plot(**wanted | changes)


def read_back(drawing):
    """Read what was drawn as any reader of XML would."""
    return Tree.fromstring(render("plot.svg", {"drawing": drawing}))  # noqa: S314 our own


def bars_of(drawing, name):
    return [rect for rect in drawing.iter("rect") if rect.get("class") == f"bar {name}"]


def decimals(*texts):
    return [None if text is None else Decimal(text) for text in texts]


def test_heights_are_proportional_and_days_without_sales_have_none():
    values = decimals("10.00", "5.00", "0.00", "2.50")

    drawing = read_back(bars(plot_of(4), Series("premium", values)))

    drawn = bars_of(drawing, "premium")
    heights = [Decimal(rect.get("height")) for rect in drawn]
    assert heights[0] == 2 * heights[1] == 4 * heights[3] > 0
    assert heights[2] == 0
    # all stand on one line, side by side
    assert {Decimal(r.get("y")) + Decimal(r.get("height")) for r in drawn} == {Decimal(BASE)}
    places = [Decimal(rect.get("x")) for rect in drawn]
    steps = {b - a for a, b in pairwise(places)}
    assert len(steps) == 1
    assert steps.pop() > 0


@given(st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=40))
def test_nothing_leaves_the_frame(values):
    drawing = read_back(bars(plot_of(len(values)), Series("premium", values)))

    heights = [Decimal(rect.get("height")) for rect in bars_of(drawing, "premium")]
    assert len(heights) == len(values)
    assert 0 <= max(heights) <= BASE - TOP
    # the scale fits what it shows: the largest takes a good part of the room
    assert max(values) == 0 or max(heights) >= (BASE - TOP) / 5


def test_two_series_stand_side_by_side():
    sold, declined = Series("sold", decimals(2, 0)), Series("declined", decimals(1, 4))

    drawing = read_back(bars(plot_of(2, least_step=Decimal(1)), sold, declined))

    first, beside = bars_of(drawing, "sold")[0], bars_of(drawing, "declined")[0]
    assert Decimal(first.get("height")) == 2 * Decimal(beside.get("height"))
    assert Decimal(first.get("x")) + Decimal(first.get("width")) == Decimal(beside.get("x"))


def test_a_line_is_broken_where_a_day_has_no_value():
    values = decimals("0.5", "0", None, "1", None, "0.25", "0.5")

    drawing = read_back(line(plot_of(7), Series("rate", values)))

    runs = [run.get("points").split() for run in drawing.iter("polyline")]
    assert [len(run) for run in runs] == [2, 1, 2]
    heights = [BASE - Decimal(point.split(",")[1]) for run in runs for point in run]
    assert heights == [heights[2] * rate for rate in decimals("0.5", "0", "1", "0.25", "0.5")]
    assert len(list(drawing.iter("circle"))) == 5  # a point alone is still seen


def test_a_long_line_has_dots_for_lone_points_only():
    values = decimals(*["0.5"] * 98, None, "0.5")

    drawing = read_back(line(plot_of(100), Series("rate", values)))

    assert len(list(drawing.iter("circle"))) == 1


@pytest.mark.parametrize(
    ("largest", "least", "marks"),
    [
        ("0", "1", ["0", "1"]),
        ("3", "1", ["0", "1", "2", "3"]),
        ("9", "1", ["0", "5", "10"]),
        ("41", "1", ["0", "20", "40", "60"]),
        ("0.33", "0.01", ["0.00", "0.10", "0.20", "0.30", "0.40"]),
        ("6.66", "0.01", ["0.00", "2.00", "4.00", "6.00", "8.00"]),
        ("5000", "1", ["0", "2000", "4000", "6000"]),
    ],
)
def test_scales_go_in_round_steps(largest, least, marks):
    plot = plot_of(1, least_step=Decimal(least))

    drawing = read_back(bars(plot, Series("sold", [Decimal(largest)])))

    texts = [text.text for text in drawing.iter("text")]
    assert texts[:-1] == marks


@pytest.mark.parametrize(
    ("days", "named"),
    [
        (1, ["2026-11-01"]),
        (2, ["2026-11-01", "2026-11-02"]),
        (30, ["2026-11-01", "2026-11-16", "2026-11-30"]),
    ],
)
def test_the_days_are_named(days, named):
    drawing = read_back(bars(plot_of(days), Series("sold", [Decimal(1)] * days)))

    assert [text.text for text in drawing.iter("text")][-len(named) :] == named


def test_readers_who_see_nothing_are_told_what_is_drawn():
    plot = plot_of(1, title='<b>Premium</b> & "more"')

    drawing = read_back(bars(plot, Series("premium", [Decimal("6.66")])))

    named = {child.get("id"): child.text for child in drawing if child.get("id")}
    assert drawing.get("role") == "img"
    assert [named[id_] for id_ in drawing.get("aria-labelledby").split()] == [
        '<b>Premium</b> & "more"',
        "6.66 USD in all.",
    ]
    assert [title.text for title in drawing.iter("title")][1] == "2026-11-01: 6.66 premium"
