"""Texts of every shape seen or likely: label and text stay apart, and no word is lost."""

import json

import pytest

from saleor_xcover_plugin.xcover.parsing import load
from saleor_xcover_plugin.xcover.texts import (
    MAX_POINTS,
    MAX_TEXT_LENGTH,
    TextTooLong,
    TextUnreadable,
    points_of,
    whole_text,
)


def read(value):
    return [(point.label, point.text) for point in points_of(value)]


@pytest.mark.parametrize(
    ("value", "points"),
    [
        ({"Illness": "You fall ill", "Travel": "A late train"}, [
            ("Illness", "You fall ill"), ("Travel", "A late train"),
        ]),
        (["One", "Two"], [("", "One"), ("", "Two")]),
        ([{"description": "Only words"}], [("", "Only words")]),
        ([{"title": "Illness", "description": "You fall ill"}], [("Illness", "You fall ill")]),
        ({"title": "Illness", "description": "You fall ill"}, [("Illness", "You fall ill")]),
        ([{"id": "x-1", "title": "Illness", "icon": "bed"}], [("", "Illness")]),
        ([{"title": "Illness", "icon": "bed", "is_new": True, "order": 1}], [("", "Illness")]),
        ([{"title": "Illness", "type": "Of you alone"}], [("Illness", "Of you alone")]),
        ({"Illness": {"title": "Of you", "text": "In bed"}}, [("Illness: Of you", "In bed")]),
        ({"Illness": {"Of you": {"At home": "In bed"}}}, [("Illness: Of you: At home", "In bed")]),
        ({"Illness": ["of you", "of a friend"]}, [
            ("Illness", "of you"), ("Illness", "of a friend"),
        ]),
        ({"title": "Illness", "items": ["of you", "of a friend"]}, [
            ("Illness", "of you"), ("Illness", "of a friend"),
        ]),
        ([{"text_html": "<p>Tom &amp; Ann</p>"}], [("", "Tom & Ann")]),
        ({"<b>Illness</b>": "You <i>fall</i> ill"}, [("Illness", "You fall ill")]),
        ("One text", [("", "One text")]),
        ({"": "No label"}, [("", "No label")]),
        ({"Illness": "N/A", "Travel": "", "Weather": None}, []),
        ({"Illness": 7}, [("Illness", "7")]),
        ({}, []),
        ([], []),
        (None, []),
        ("N/A", []),
        ("<p>N/A</p>", []),
        (False, []),
        (7, [("", "7")]),
    ],
)  # fmt: skip
def test_bullets_are_labels_and_texts(value, points):
    assert read(value) == points


def test_a_number_is_written_as_it_was_sent():
    assert read(load(b'{"Excess": 10.50}')) == [("Excess", "10.50")]


@pytest.mark.parametrize(
    ("plain", "markup", "text"),
    [
        ("Same words", "<p>Same  words</p>", "Same words"),
        (
            "Read the terms.",
            'Read the <a href="https://x.example/t">terms</a>.',
            "Read the terms (https://x.example/t).",
        ),
        ("Short", "<p>Short and more</p>", "Short and more"),
        ("Short and more", "<p>Short</p>", "Short and more"),
        ("One thing", "<p>Another</p>", "One thing\nAnother"),
        ("", "<p>Only here</p>", "Only here"),
        ("Only here", "", "Only here"),
        ("N/A", "<p>N/A</p>", ""),
        (None, None, ""),
        (["One", "Two"], "", "One\nTwo"),
        ([{"title": "One", "text": "Two"}], ["<p>Three</p>"], "One: Two\nThree"),
        ('<a href="https://x.example">T</a>', '<a href="https://x.example">T</a>',
         "T (https://x.example)"),
        (7, None, "7"),
    ],
)  # fmt: skip
def test_of_two_variants_nothing_is_lost(plain, markup, text):
    assert whole_text(plain, markup) == text


@pytest.mark.parametrize("value", [{"Illness": True}, {"Illness": [False]}, object()])
def test_what_has_no_words_for_certain_is_not_read(value):
    with pytest.raises(TextUnreadable):
        points_of(value)


def test_a_hostile_nesting_is_not_read():
    nested = "deep"
    for _ in range(900):
        nested = {"x": [nested]}

    with pytest.raises(TextUnreadable):
        points_of(nested)


@pytest.mark.parametrize(
    ("longest", "longer"),
    [
        ("w" * MAX_TEXT_LENGTH, "w" * (MAX_TEXT_LENGTH + 1)),
        ({"L" * 10: "w" * (MAX_TEXT_LENGTH - 10)}, {"L" * 11: "w" * (MAX_TEXT_LENGTH - 10)}),
        (["w"] * MAX_POINTS, ["w"] * (MAX_POINTS + 1)),
    ],
)
def test_nothing_is_cut(longest, longer):
    said = sum(len(point.label) + len(point.text) for point in points_of(longest))
    assert said == len(json.dumps(longest).translate(dict.fromkeys(map(ord, '{}[]", :'))))

    with pytest.raises(TextTooLong):
        points_of(longer)
