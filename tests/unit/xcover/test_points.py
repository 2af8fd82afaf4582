"""Bullets in every shape seen or likely: label and text stay apart, and no text is lost."""

import pytest
from pydantic import TypeAdapter

from saleor_xcover_plugin.xcover.values import Points

POINTS = TypeAdapter(Points)


def read(value):
    return [(point.label, point.text) for point in POINTS.validate_python(value)]


@pytest.mark.parametrize(
    ("value", "points"),
    [
        ({"Illness": "You fall ill", "Travel": "A late train"}, [
            ("Illness", "You fall ill"), ("Travel", "A late train"),
        ]),
        (["One", "Two"], [("", "One"), ("", "Two")]),
        ([{"description": "Only words"}], [("", "Only words")]),
        ([{"title": "Illness", "description": "You fall ill"}], [("Illness", "You fall ill")]),
        ([{"id": "x-1", "title": "Illness", "icon": "bed"}], [("", "Illness")]),
        ({"Illness": {"title": "Of you", "text": "In bed"}}, [("Of you", "In bed")]),
        ({"Illness": ["of you", "of a friend"]}, [
            ("Illness", "of you"), ("Illness", "of a friend"),
        ]),
        ("One text", [("", "One text")]),
        ({"": "No label"}, [("", "No label")]),
        ({"Illness": "N/A", "Travel": "", "Weather": None}, []),
        ({"Illness": 7}, []),
        ({}, []),
        ([], []),
        (None, []),
        ("N/A", []),
        (7, []),
    ],
)  # fmt: skip
def test_bullets_are_labels_and_texts(value, points):
    assert read(value) == points


def test_a_hostile_nesting_ends():
    nested = "deep"
    for _ in range(900):
        nested = {"x": [nested]}

    assert read(nested) == []
