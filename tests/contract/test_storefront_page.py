"""docs/storefront.md names every part, property, event and attribute of the element, no other."""

import re
from importlib import resources
from pathlib import Path

import pytest

from saleor_xcover_plugin.element import KEPT_SECONDS, MODULE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "storefront.md").read_text()
SOURCE = resources.files("saleor_xcover_plugin").joinpath(MODULE).read_text()


def rows(heading: str) -> set[str]:
    """Return what the first column of the table under ``heading`` names."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name for cell in first for name in re.findall(r"`([^`]+)`", cell)}


def parts() -> set[str]:
    ways = (r'part: "(\w+)"', r'h\("\w+", "(\w+)"', r'\bp\("(\w+)"', r'\blist\("(\w+)"')
    lists = re.search(r"\[([^]]*)\]\.map\(\(name\) => list\(", SOURCE)
    assert lists
    return {name for way in ways for name in re.findall(way, SOURCE)} | strings(lists[1])


def strings(source: str) -> set[str]:
    return set(re.findall(r'"(\w+)"', source))


def events() -> set[str]:
    named = re.findall(r'#emit\("(\w+)"', SOURCE)
    return {f"xcover:{name}" for name in (*named, "accepted", "declined")}


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("part", parts()),
        ("custom property", set(re.findall(r"var\((--xcover-\w+)", SOURCE))),
        ("event", events()),
        ("attribute", strings(SOURCE.split("SUBJECT = ", 1)[1].split(";", 1)[0]) | {"locale"}),
    ],
)
def test_a_table_is_complete(heading, found):
    assert found
    assert rows(heading) == found


def test_every_state_is_named():
    for state in ("loading", "offer", "unavailable", "failed", "offline"):
        assert f'"{state}"' in SOURCE or state in SOURCE
        assert f"`{state}`" in PAGE


def test_how_long_the_module_is_kept_is_said():
    assert KEPT_SECONDS == 600
    assert "kept for ten minutes" in PAGE
