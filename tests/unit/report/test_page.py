"""The page: complete in itself, escaped, and the same figures as everywhere else."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from django.utils import translation

from saleor_xcover_plugin.domain.sales_figures import Figures, Market, Sales
from saleor_xcover_plugin.management import report
from saleor_xcover_plugin.management.files import writing
from saleor_xcover_plugin.management.report.page import LABELS, page_of
from saleor_xcover_plugin.operations.sales_rows import COLUMNS, as_json, write_csv

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
SOLD = {"shown": 10, "sold": 3, "declined": 4, "confirmed": 2, "cancelled": 1}
AMOUNTS = {"premium": Decimal("19.980"), "tax": Decimal("2.13"), "due_back": Decimal("6.66")}


def sales(**by_market):
    days = {
        (Market(channel, figures.premium.currency), FIRST): figures
        for channel, figures in by_market.items()
    }
    return Sales(FIRST, LAST, days)


class Reader(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses, self.labels = [], [], []
        self.cells, self._in_cell = [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]
        self.labels += [v for k, v in attrs if k == "aria-label"]
        self._in_cell = tag in ("td", "th")

    def handle_data(self, data):
        if self._in_cell:
            self.cells.append(data)
        self._in_cell = False


@pytest.fixture
def two():
    usd = Figures.of("USD", **SOLD, **AMOUNTS)
    eur = Figures.of("EUR", sold=1, waiting=1, tax_unknown=1, premium=Decimal("9.99"))
    return sales(hall=usd, stadium=eur)


def test_nothing_is_fetched_from_anywhere(two):
    page = page_of(two, NOW)

    reader = Reader(page)
    assert reader.addresses == []
    assert {"script", "link", "img", "iframe", "object", "embed"} & set(reader.tags) == set()
    assert re.findall(r"url\(|@import|https?:", page) == []


def test_each_market_has_its_three_plots_and_its_figures_beneath(two):
    reader = Reader(page_of(two, NOW))

    assert reader.tags.count("svg") == 6
    assert reader.tags.count("table") == 3
    # in the totals and in the one day
    for figure in ("19.98", "2.13", "42.9 %", "6.66"):
        assert reader.cells.count(figure) == 2
    assert reader.cells.count("unknown") == 2


def test_every_place_of_a_plot_is_one_day(two):
    page = page_of(two, NOW)

    assert page.count('class="bar premium"') == 2 * 30
    assert page.count('class="bar sold"') == page.count('class="bar declined"') == 2 * 30


def test_names_are_escaped():
    page = page_of(sales(**{"<script>alert(1)</script>&": Figures.of("USD", sold=1)}), NOW)

    reader = Reader(page)
    assert "script" not in reader.tags
    assert "<script>alert(1)</script>&" in reader.cells


@pytest.mark.parametrize(
    "name",
    [
        '"><img src=x>',
        "' onfocus='alert(1)",
        "--><svg></style></title>",
        "&lt;b&gt;&amp;quot;",
        "{{ premium }}{% include 'page.css' %}{# gone #}",
        "\x00\x01\x1b\u202e",
    ],
)
def test_hostile_names_are_text_in_cells_and_attributes(name):
    plain = Reader(page_of(sales(hall=Figures.of("USD", sold=1)), NOW))

    reader = Reader(page_of(sales(**{name: Figures.of("USD", sold=1)}), NOW))

    assert name in reader.cells
    assert f"Days with figures: {name}, USD" in reader.labels
    assert reader.tags == plain.tags


def test_what_is_no_text_is_not_written(tmp_path):
    page, path = page_of(sales(**{"\ud800": Figures.of("USD", sold=1)}), NOW), tmp_path / "page"
    path.write_text("as it was")

    with pytest.raises(UnicodeEncodeError), writing(str(path), None) as out:
        out.write(page)

    assert [each.read_text() for each in tmp_path.iterdir()] == ["as it was"]


def test_the_hosts_settings_change_nothing(two, settings):
    page = page_of(two, NOW)

    settings.USE_THOUSAND_SEPARATOR, settings.NUMBER_GROUPING = True, 1
    settings.TIME_ZONE, settings.DATE_FORMAT = "Asia/Kathmandu", "j"
    settings.TEMPLATES = []
    with translation.override("de"):
        assert page_of(two, NOW) == page


def test_the_looks_are_whole(two):
    looks = files(report).joinpath("templates/page.css").read_text("utf-8")

    assert f"<style>{looks}</style>" in page_of(two, NOW)


def test_an_empty_period_says_so():
    page = page_of(Sales(FIRST, LAST, {}), NOW)

    assert "Nothing was offered, sold or declined from 2026-11-01 to 2026-11-30." in page
    assert "<svg" not in page


def test_every_column_has_a_label():
    assert set(COLUMNS) == set(LABELS)


def test_spreadsheets_get_the_days(two):
    out = io.StringIO()

    write_csv(two, out)

    first, second = csv.DictReader(io.StringIO(out.getvalue()))
    assert first["day"] == "2026-11-01"
    assert (first["channel"], first["premium"], first["attach_rate"]) == ("hall", "19.98", "0.4286")
    assert (second["currency"], second["tax"], second["tax_unknown"]) == ("EUR", "unknown", "1")


def test_machines_get_amounts_as_texts_and_null_for_unknown(two):
    said = json.loads(json.dumps(as_json(two), default=str))

    hall, stadium = said["totals"]
    assert (hall["sold"], hall["premium"], hall["currency"]) == (3, "19.98", "USD")
    assert (stadium["tax"], stadium["attach_rate"], stadium["due_back"]) == (None, "1.0000", "0.00")
    assert [day["day"] for day in said["days"]] == ["2026-11-01"] * 2
    quiet = as_json(sales(hall=Figures.of("JPY", shown=1)))["totals"][0]
    assert (quiet["attach_rate"], quiet["tax"], quiet["premium"]) == (None, "0", "0")
