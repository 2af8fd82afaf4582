"""Draw bars and lines over the days of a period as SVG, without scripts or external resources.

Coordinates are decimals in units of the view box; the page decides the size of a plot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import count
from xml.etree.ElementTree import Element

from .markup import node

WIDTH, HEIGHT = 420, 250
"""Size of the view box."""
LEFT, RIGHT, TOP, BOTTOM = 66, 10, 14, 30
"""Margins around the drawing, for the labels of the axes."""
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
"""Size of the drawing without margins."""
BASE = TOP + PLOT_HEIGHT
"""Vertical position of zero."""
_PARTS = 4
_FEW_DAYS = 62
"""Largest number of days for which each point of a line gets a dot."""
_BAR_SHARE = Decimal("0.76")
"""Share of a day's width that its bars take."""

Write = Callable[[Decimal], str]
"""Formats a value for a label."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one line or set of bars."""

    name: str
    """Name in labels, and CSS class."""
    values: Sequence[Decimal | None]
    """One value per day of the plot; None for a day without a value."""


@dataclass(frozen=True, slots=True)
class Plot:
    """The texts and axes of a plot."""

    id: str
    """Unique HTML id."""
    title: str
    description: str
    days: Sequence[date]
    text_of: Write
    least_step: Decimal
    """Smallest distance between two marks of the value axis."""


def bars(plot: Plot, *series: Series) -> Element:
    """Draw each day's values side by side; heights are proportional to the values."""
    scale = _Scale.of(plot, series)
    width = _slot(plot.days) * _BAR_SHARE / len(series)
    rest = _slot(plot.days) * (1 - _BAR_SHARE) / 2
    drawn = [
        node(
            "rect",
            node("title", f"{day}: {plot.text_of(value)} {one.name}"),
            class_=f"bar {one.name}",
            x=_number(LEFT + _slot(plot.days) * place + rest + width * which),
            y=_number(BASE - scale.height(value)),
            width=_number(width),
            height=_number(scale.height(value)),
        )
        for which, one in enumerate(series)
        for place, (day, value) in enumerate(zip(plot.days, one.values, strict=True))
        if value is not None
    ]
    return _frame(plot, scale, drawn)


def line(plot: Plot, series: Series) -> Element:
    """Draw a line over the days; it is broken where a day has no value."""
    scale = _Scale.of(plot, [series])
    drawn = [
        node("polyline", class_=f"line {series.name}", points=" ".join(f"{x},{y}" for x, y in run))
        for run in _runs(plot, series, scale)
    ]
    drawn += [
        node("circle", class_=f"dot {series.name}", cx=x, cy=y, r="3")
        for run in _runs(plot, series, scale)
        if len(plot.days) <= _FEW_DAYS or len(run) == 1
        for x, y in run
    ]
    return _frame(plot, scale, drawn)


def _slot(days: Sequence[date]) -> Decimal:
    """Return the width of one day."""
    return Decimal(PLOT_WIDTH) / len(days)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Round steps from 0 to at least the largest value."""

    step: Decimal
    steps: int

    @classmethod
    def of(cls, plot: Plot, series: Sequence[Series]) -> _Scale:
        largest = max((v for one in series for v in one.values if v is not None), default=Decimal())
        step = next(s for s in _round_steps(plot.least_step) if s * _PARTS >= largest)
        return cls(step, max(1, int((largest / step).to_integral_value(ROUND_CEILING))))

    def height(self, value: Decimal) -> Decimal:
        return PLOT_HEIGHT * value / (self.step * self.steps)

    def marks(self) -> list[Decimal]:
        return [self.step * number for number in range(self.steps + 1)]


def _round_steps(least: Decimal) -> Iterator[Decimal]:
    """Yield 1, 2, 5, 10, 20, 50 and so on, times the finest step."""
    for power in count():
        for digit in (1, 2, 5):
            yield least * digit * 10**power


def _runs(plot: Plot, series: Series, scale: _Scale) -> Iterator[list[tuple[str, str]]]:
    """Yield the points of each stretch of days that have values."""
    run: list[tuple[str, str]] = []
    for place, value in enumerate(series.values):
        if value is not None:
            x = LEFT + _slot(plot.days) * (place + Decimal("0.5"))
            run.append((_number(x), _number(BASE - scale.height(value))))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _frame(plot: Plot, scale: _Scale, drawn: Sequence[Element]) -> Element:
    return node(
        "svg",
        node("title", plot.title, id=f"{plot.id}-title"),
        node("desc", plot.description, id=f"{plot.id}-desc"),
        *_value_axis(plot, scale),
        *_day_axis(plot.days),
        *drawn,
        node("line", class_="base", **_across(BASE)),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby=f"{plot.id}-title {plot.id}-desc",
    )


def _value_axis(plot: Plot, scale: _Scale) -> Iterator[Element]:
    for mark in scale.marks():
        y = BASE - scale.height(mark)
        yield node("line", class_="grid", **_across(y))
        text = plot.text_of(mark)
        yield node("text", text, x=str(LEFT - 6), y=_number(y + 4), text_anchor="end")


def _day_axis(days: Sequence[date]) -> Iterator[Element]:
    """Yield labels of the first and the last day, and of one between if there is any."""
    between = len(days) // 2 if len(days) > 2 else 0
    anchors = {0: "start", between: "middle", len(days) - 1: "end"}
    if len(days) == 1:
        anchors = {0: "middle"}
    places = {"start": LEFT, "end": WIDTH - RIGHT}
    for place, anchor in anchors.items():
        x = places.get(anchor, LEFT + _slot(days) * (place + Decimal("0.5")))
        y = str(HEIGHT - 8)
        yield node("text", days[place].isoformat(), x=_number(x), y=y, text_anchor=anchor)


def _across(y: Decimal | int) -> dict[str, str]:
    height = _number(y)
    return {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": height, "y2": height}


def _number(value: Decimal | int) -> str:
    return str(Decimal(value).quantize(Decimal("0.001")))
