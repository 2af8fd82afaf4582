"""The generated parts of the README say what the code and the recorded runs say."""

from pathlib import Path

import pytest

from saleor_xcover_plugin.config.settings import FIELDS
from saleor_xcover_plugin.supported import LOWEST
from testkit.generated_tables import require_current

from ..saleor import runs
from ..saleor.e2e import records

README = Path(__file__).resolve().parents[2] / "README.md"


def configuration() -> str:
    rows = "".join(
        f"| {field.label} | {field.help_text} | {_default(field.default)} |\n" for field in FIELDS
    )
    return "| setting | meaning | default |\n| --- | --- | --- |\n" + rows


def support() -> str:
    rows = "".join(
        f"| {_promised(minor, str(run['saleor']))} | {_lowest(minor)} | {run['saleor']} "
        f"| {int(run['tests']) - int(run['skipped'])} passed, {run['skipped']} skipped "
        f"| {run['on']} |\n"
        for minor, run in runs.read().items()
    )
    heads = "| Saleor | from | tried with | `make test-saleor` | on |\n"
    return f"{heads}| --- | --- | --- | --- | --- |\n{rows}"


def own_tests() -> str:
    known = records.read()
    if not known:
        return "No whole run is recorded yet.\n"
    rows = "".join(
        f"| {run['saleor']} | {run['quiet']['same']} the same | {run['cover']['same']} the same, "
        f"{run['cover']['excused']} excused by name | {run['cover']['said']} said, "
        f"{run['cover']['kept']} kept | {run['cover']['unjudged']} | {run['on']} |\n"
        for run in known.values()
    )
    heads = "| Saleor | without an offer | with cover | yes | fail without the plugin | on |\n"
    return f"{heads}| --- | --- | --- | --- | --- | --- |\n{rows}"


def _promised(minor: str, version: str) -> str:
    """A version that is not released yet is an early warning, no promise."""
    return "main, as an early warning" if "-" in version else minor


def _lowest(minor: str) -> str:
    """Return the lowest patch of a minor version; none is promised of what is not released."""
    return next((patch for patch in LOWEST if patch.startswith(f"{minor}.")), "")


def _default(value: str | bool) -> str:
    return "<br>".join(f"`{line}`" for line in str(value).splitlines())


@pytest.mark.parametrize("part", [configuration, support, own_tests])
def test_a_generated_table_is_current(part, request):
    update = request.config.getoption("--update-golden")
    require_current(README, part.__name__, part(), update=update)
