"""docs/storefront.md says what to show for every code and every state of a cover."""

from pathlib import Path

from saleor_xcover_plugin.domain.states import CoverStatus
from saleor_xcover_plugin.errors import Code
from saleor_xcover_plugin.graphql.advice import ADVICE, COVERS
from testkit.generated_tables import require_current, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "storefront.md"


def test_every_code_has_one_advice():
    assert sorted(code for codes in ADVICE.values() for code in codes) == sorted(Code)


def test_the_table_of_codes_is_current(request):
    rows = [
        (", ".join(f"`{code.value.upper()}`" for code in codes), do) for do, codes in ADVICE.items()
    ]
    wanted = table(("code", "what to do"), rows)
    update = request.config.getoption("--update-golden")
    require_current(PAGE, "codes", wanted, update=update)


def test_the_table_of_covers_is_current(request):
    assert list(COVERS) == list(CoverStatus)
    rows = [(f"`{status.value.upper()}`", sentence) for status, sentence in COVERS.items()]
    wanted = table(("status", "what to say"), rows)
    update = request.config.getoption("--update-golden")
    require_current(PAGE, "covers", wanted, update=update)
