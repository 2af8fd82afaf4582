"""``docs/payload.md`` names every value and format that a template can use, and only those."""

import re
from pathlib import Path

import pytest

from saleor_xcover_plugin.payload import shipped
from saleor_xcover_plugin.payload.formats import formats_of
from saleor_xcover_plugin.payload.names import Kind, find, known_names

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "payload.md"


def names() -> str:
    rows = []
    for text in known_names():
        name = find(text)
        assert name is not None
        rows.append(f"| `{text}` | {name.level.name.lower()} | {name.kind} |")
    return "\n".join(["| name | of | kind |", "| --- | --- | --- |", *rows])


def formats() -> str:
    rows = [f"| {kind} | {', '.join(f'`{form}`' for form in formats_of(kind))} |" for kind in Kind]
    return "\n".join(["| kind | formats, the first is its own |", "| --- | --- |", *rows])


@pytest.mark.parametrize(("part", "table"), [("names", names()), ("formats", formats())])
def test_a_generated_table_is_current(
    part: str, table: str, request: pytest.FixtureRequest
) -> None:
    between = re.compile(rf"(<!-- {part} -->\n).*?(\n<!-- /{part} -->)", re.DOTALL)
    text = PAGE.read_text()
    if request.config.getoption("--update-golden"):
        text = between.sub(rf"\1{table}\2", text)
        PAGE.write_text(text)

    assert between.sub(rf"\1{table}\2", text) == text


def test_every_shipped_template_is_named() -> None:
    text = PAGE.read_text()

    assert [name for name in shipped.NAMES if f"`use: {name}`" not in text] == []
