"""The operators' page says what a report counts and what evidence holds, as the code does."""

from pathlib import Path

from saleor_xcover_plugin.domain.sales_figures import MEANINGS
from testkit.generated_tables import require_current, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def figures() -> str:
    rows = [(f"`{name}`", meaning) for name, meaning in MEANINGS.items()]
    return table(("figure", "what it counts"), rows)


def test_every_figure_is_explained(request):
    update = request.config.getoption("--update-golden")
    require_current(PAGE, "figures", figures(), update=update)
