"""Where the parts of a small plot stand: bars and lines over the days of a period.

Coordinates are exact decimals in the units of a view box; the template ``plot.svg`` draws them, and
the page decides how large a plot is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import count
from typing import Any

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 66, 10, 14, 30
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
RIGHT_END = WIDTH - RIGHT
BASE = TOP + PLOT_HEIGHT
_PARTS = 4
_FEW_DAYS = 62
"""Of so many days each point of a line gets a dot."""
_BAR_SHARE = Decimal("0.76")
"""Share of a day's width that its bars take, 0 to 1."""

Write = Callable[[Decimal], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One value per day of the plot; None where there is none. ``name`` is its class, too."""

    name: str
    values: Sequence[Decimal | None]


@dataclass(frozen=True, slots=True)
class Plot:
    """Data of one plot: ``text_of`` writes a value, ``least_step`` is the finest scale."""

    id: str
    title: str
    description: str
    days: Sequence[date]
    text_of: Write
    least_step: Decimal


@dataclass(frozen=True, slots=True)
class Frame:
    """The view box, and the lines between which values are drawn."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT_END
    base: int = BASE


FRAME = Frame()


@dataclass(frozen=True, slots=True)
class Point:
    x: Decimal
    y: Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """One value of one day. ``name`` is its series, ``title`` what a pointer on it is told."""

    name: str
    title: str
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """A step of the scale: a line across the plot, and its value beside it."""

    text: str
    y: Decimal
    text_y: Decimal
    text_x: int = LEFT - 6


@dataclass(frozen=True, slots=True)
class DayName:
    """A day's name below the plot; ``anchor`` is the end of the text that stands at ``x``."""

    text: str
    anchor: str
    x: Decimal
    y: int = HEIGHT - 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Everything the template draws. ``line`` names the series of ``runs`` and ``dots``."""

    id: str
    title: str
    description: str
    marks: Sequence[Mark]
    days: Sequence[DayName]
    bars: Sequence[Bar] = ()
    line: str = ""
    runs: Sequence[Sequence[Point]] = ()
    dots: Sequence[Point] = ()
    frame: Frame = FRAME


def bars(plot: Plot, *series: Series) -> Drawing:
    """Place each day's values side by side; heights are proportional to the values."""
    scale = _Scale.of(plot, series)
    width = _slot(plot.days) * _BAR_SHARE / len(series)
    rest = _slot(plot.days) * (1 - _BAR_SHARE) / 2
    drawn = [
        Bar(
            one.name,
            f"{day}: {plot.text_of(value)} {one.name}",
            x=_rounded(LEFT + _slot(plot.days) * place + rest + width * which),
            y=_rounded(BASE - scale.height(value)),
            width=_rounded(width),
            height=_rounded(scale.height(value)),
        )
        for which, one in enumerate(series)
        for place, (day, value) in enumerate(zip(plot.days, one.values, strict=True))
        if value is not None
    ]
    return _drawing(plot, scale, bars=drawn)


def line(plot: Plot, series: Series) -> Drawing:
    """Place a line over the days; it is broken where a day has no value."""
    scale = _Scale.of(plot, [series])
    runs = list(_runs(plot, series, scale))
    has_all_dots = len(plot.days) <= _FEW_DAYS
    dots = [point for run in runs if has_all_dots or len(run) == 1 for point in run]
    return _drawing(plot, scale, line=series.name, runs=runs, dots=dots)


def _slot(days: Sequence[date]) -> Decimal:
    """Return the width of one day's place."""
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


def _runs(plot: Plot, series: Series, scale: _Scale) -> Iterator[list[Point]]:
    """Yield the points of each stretch of days that have values."""
    run: list[Point] = []
    for place, value in enumerate(series.values):
        if value is not None:
            x = _middle(plot.days, place)
            run.append(Point(_rounded(x), _rounded(BASE - scale.height(value))))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _drawing(plot: Plot, scale: _Scale, **drawn: Any) -> Drawing:
    return Drawing(
        id=plot.id,
        title=plot.title,
        description=plot.description,
        marks=[_mark(plot, scale, value) for value in scale.marks()],
        days=list(_day_names(plot.days)),
        **drawn,
    )


def _mark(plot: Plot, scale: _Scale, value: Decimal) -> Mark:
    y = BASE - scale.height(value)
    return Mark(plot.text_of(value), y=_rounded(y), text_y=_rounded(y + 4))


def _day_names(days: Sequence[date]) -> Iterator[DayName]:
    """Name the first and the last day, and one between where there is room."""
    between = len(days) // 2 if len(days) > 2 else 0
    anchors = {0: "start", between: "middle", len(days) - 1: "end"}
    if len(days) == 1:
        anchors = {0: "middle"}
    places = {"start": LEFT, "end": RIGHT_END}
    for place, anchor in anchors.items():
        x = places.get(anchor, _middle(days, place))
        yield DayName(days[place].isoformat(), anchor, _rounded(x))


def _middle(days: Sequence[date], place: int) -> Decimal:
    """Return the middle of a day's place."""
    return LEFT + _slot(days) * (place + Decimal("0.5"))


def _rounded(value: Decimal | int) -> Decimal:
    return Decimal(value).quantize(Decimal("0.001"))
