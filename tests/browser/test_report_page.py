"""The page of ``xcover_report``: for every eye, on a phone, in the dark and on paper."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from saleor_xcover_plugin.domain.sales_figures import Figures, Market, Sales
from saleor_xcover_plugin.management.report.page import page_of

from . import axe
from .test_looks import IMAGES, check_that_axe_is_there, fits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FIRST = date(2026, 10, 25)
DAYS = 30
NOW = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
Open = Callable[..., "Page"]


def example() -> Sales:
    """Invent a month of two channels: the same one each time."""
    chance = random.Random(20261123)  # noqa: S311 no secret depends on it
    by_day = {}
    for market, orders, price in (
        (Market("tickets-us", "USD"), 34, Decimal("6.66")),
        (Market("tickets-eu", "EUR"), 12, Decimal("4.85")),
    ):
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            is_quiet = market.channel == "tickets-eu" and number in (8, 9, 17)
            if not is_quiet:
                busy = 2 if day.weekday() >= 4 else 1
                placed = chance.randint(orders // 2, orders) * busy
                by_day[market, day] = _day(chance, market.currency, placed, price)
    return Sales(FIRST, FIRST + timedelta(days=DAYS - 1), by_day)


def _day(chance: random.Random, currency: str, placed: int, price: Decimal) -> Figures:
    sold = sum(chance.random() < 0.31 for _ in range(placed))
    cancelled, void = (sum(chance.random() < 0.04 for _ in range(sold)) for _ in range(2))
    premium = sum((price * chance.randint(1, 3) for _ in range(sold - void)), Decimal(0))
    return Figures.of(
        currency,
        shown=placed * 3,
        answered_no=(placed - sold) // 2,
        sold=sold,
        declined=placed - sold,
        confirmed=sold - cancelled - void,
        cancelled=cancelled,
        void=void,
        premium=premium,
        tax=(premium * 12 / 112).quantize(Decimal("0.01")),
        due_back=price if chance.random() < 0.1 else Decimal(0),
    )


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Any:
    """Open the page of the example from a file, as who was sent it would."""
    path = tmp_path / "report.html"
    path.write_text(page_of(example(), NOW), encoding="utf-8")
    context = browser.new_context(java_script_enabled=True)
    asked: list[str] = []

    def show(width: int = 1280, **media: Any) -> Page:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(**media)
        page.goto(path.as_uri())
        return page

    yield show
    context.close()
    # and nothing was fetched but the page itself
    assert set(asked) == {path.as_uri()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_hinders_nobody(show: Open, scheme: str, width: int) -> None:
    check_that_axe_is_there()

    page = show(width, color_scheme=scheme)

    assert axe.violations(page) == []
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_stands_out(show: Open, scheme: str) -> None:
    page = show(color_scheme=scheme)
    colour = "(e, name) => getComputedStyle(e)[name]"
    ground = page.locator("body").evaluate(colour, "backgroundColor")

    for part, name in ((".bar.premium", "fill"), (".bar.declined", "stroke"), (".line", "stroke")):
        drawn = page.locator(part).first.evaluate(colour, name)
        assert contrast(drawn, ground) >= 3, part


def test_paper_is_white_whatever_the_screen_was(show: Open) -> None:
    page = show(color_scheme="dark", media="print")

    ground = page.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert len(page.pdf(prefer_css_page_size=True)) > 10_000


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.picture
def test_picture_for_the_documentation(show: Open) -> None:
    page = show(1280, color_scheme="light")

    page.screenshot(path=IMAGES / "report.png", clip={"x": 0, "y": 0, "width": 1280, "height": 900})
