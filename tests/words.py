"""Every text of an answer of XCover's that is meant for a shopper, and where the answers are."""

import html
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORDED = Path(os.environ.get("XCOVER_RECORDED", ROOT.parent / "shared" / "xcover-recorded"))
OWN = ROOT / "fixtures" / "xcover" / "responses"

NO_TEXTS = {"id", "product_config_id", "slug", "locale", "schema_version"}
"""Of ``content``: identifiers, no words."""
PLACEHOLDERS = {"", "n/a"}
"""What XCover fills unused texts with; a label goes with its placeholder."""

ODD: dict[str, Any] = {
    "description": ["Zq1 is paid", {"title": "Zq2", "text": "<b>Zq3</b> < 6"}],
    "heading": 7000001,
    "new_notice": {"Zq4": {"Zq5": "is not paid"}},
}
ODD_OF_PRODUCT: dict[str, Any] = {
    "extras": {"Zq6": "\u202eZq7"},
    "disclaimer": ["Zq8 <script>alert(1)</script>", "Zq9"],
    "new_notice": "Zq10 is new",
}
"""Shapes no recorded answer has, for ``content`` and for one of its products."""
ODD_WORDS = {"7000001", *(f"Zq{number}" for number in range(1, 11))}


def odd_words_in(given: Any) -> set[str]:
    """Return which of ``ODD_WORDS`` a shopper is given."""
    return set(re.findall(r"Zq\d+|7000001", " ".join(strings_in(given))))


def answers() -> dict[str, Any]:
    """Return the bodies of offers by name: recorded ones where they are, and our own of that shape.

    The recordings lie beside the project, not in it.
    """
    recorded = sorted((RECORDED / "offers").glob("*_create_offer_*_200.json"))
    bodies = {path.stem: json.loads(path.read_text())["response"]["body"] for path in recorded}
    own = sorted(OWN.glob("offer_al*.json"))
    return bodies | {path.stem: json.loads(path.read_text()) for path in own}


def texts_of(value: Any, label: str = "") -> Iterator[str]:
    """Yield every text below ``content``, HTML as its words and its link targets."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in NO_TEXTS:
                yield from texts_of(item, name)
                # The label of a bullet is a text as well; names of our own fields are no labels.
                if isinstance(item, str) and not re.fullmatch(r"[a-z_]+", name) and is_text(item):
                    yield name
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item, label)
    elif isinstance(value, str) and is_text(value):
        if label.endswith("_html"):
            yield from re.findall(r'href="([^"]*)"', value)
            yield from filter(is_text, map(html.unescape, re.split(r"<[^>]*>", value)))
        else:
            yield value


def is_text(value: str) -> bool:
    return value.strip().lower() not in PLACEHOLDERS


def spaced(text: str) -> str:
    return " ".join(text.split())


def strings_in(value: Any) -> Iterator[str]:
    """Yield every string in what a shopper is given."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from strings_in(item)
    elif isinstance(value, str):
        yield spaced(value)


def missing(content: Any, given: Any) -> list[str]:
    """Return the texts of an answer's ``content`` that are in none of the given strings."""
    strings = list(strings_in(given))
    wanted = {spaced(text) for text in texts_of(content)}
    assert len(wanted) > 10
    return sorted(text for text in wanted if not any(text in string for string in strings))
