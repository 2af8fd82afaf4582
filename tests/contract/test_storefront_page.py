"""docs/storefront.md names every part, property, event and attribute of the element, no other."""

import re
from pathlib import Path

import pytest

from saleor_xcover_plugin.element import KEPT_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "storefront.md").read_text()
SOURCES = ROOT / "storefront" / "src"


def source(folder: str, kind: str = "ts") -> str:
    """Return all modules of one element, or its style sheets."""
    return "\n".join(path.read_text() for path in sorted((SOURCES / folder).glob(f"*.{kind}")))


OFFER, POLICY = source("offer"), source("policy")
STYLES = source("styles", "css")


def rows(heading: str) -> set[str]:
    """Return what the first column of the table under ``heading`` names."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name for cell in first for name in re.findall(r"`([^`]+)`", cell)}


def parts(code: str) -> set[str]:
    ways = (
        r'part: "(\w+)"',
        r'\bh\(\s*"\w+",\s*"(\w+)"',
        r'\bparagraph\("(\w+)"',
        r'#list\("(\w+)"',
        r'\bfact\("(\w+)"',
        r'\blink\("(\w+)"',
    )
    lists = re.search(r"const names: ListName\[\] = \[([^]]*)\]", code)
    found = {name for way in ways for name in re.findall(way, code)}
    return found | (strings(lists[1]) if lists else set())


def strings(code: str) -> set[str]:
    return set(re.findall(r'"([\w-]+)"', code))


def observed(code: str, name: str) -> set[str]:
    return strings(code.split(f"{name} = ", 1)[1].split(";", 1)[0])


def events() -> set[str]:
    named = re.findall(r'\bemit\("(\w+)"', OFFER) + re.findall(r"`?xcover:(\w+)\W", POLICY)
    return {f"xcover:{name}" for name in (*named, "changed", "accepted", "declined")}


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("part of the offer", parts(OFFER)),
        ("part of the policy", parts(POLICY)),
        ("custom property", set(re.findall(r"var\((--xcover-\w+)", STYLES))),
        ("event", events()),
        (
            "attribute of the offer",
            observed(OFFER, "SUBJECT") | observed(OFFER, "REQUIRED") | {"locale", "theme", "name"},
        ),
        ("attribute of the policy", observed(POLICY, "observedAttributes") | {"theme"}),
    ],
)
def test_a_table_is_complete(heading, found):
    assert found
    assert rows(heading) == found


def test_no_answer_has_a_part_of_its_own():
    assert re.findall(r'part: "answer"', OFFER) == ['part: "answer"']
    assert not {"accepted", "declined"} & parts(OFFER)


def test_every_state_is_named():
    for state in ("loading", "offer", "unavailable", "failed", "offline"):
        assert f'"{state}"' in OFFER
        assert f"`{state}`" in PAGE


def test_every_language_is_named():
    for path in (SOURCES / "locales").glob("*.json"):
        assert f"`{path.stem}`" in PAGE


def test_how_long_the_module_is_kept_is_said():
    assert KEPT_SECONDS == 600
    assert "kept for ten minutes" in PAGE
