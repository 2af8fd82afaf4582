"""HTML becomes words and link targets; nothing of it is left, and nothing it says is lost."""

import pytest

from saleor_xcover_plugin.xcover.plain_text import plain_text_of, whole_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p data-block-key='x'>By adding this</p>", "By adding this"),
        ("<p>One</p><p>Two<br>Three</p>", "One\nTwo\nThree"),
        ("<ul><li>A</li><li>B</li></ul>", "A\nB"),
        (
            'Read the <a href="https://x.example/t">terms</a>.',
            "Read the terms (https://x.example/t).",
        ),
        ('<a href="https://x.example/t">terms', "terms (https://x.example/t)"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="javascript:alert(1)">terms</a>', "terms"),
        ("Tom &amp; Ann &lt;3", "Tom & Ann <3"),
        ("<script>alert(1)</script><style>p{}</style>words", "words"),
        ("<p>Never <b>closed", "Never closed"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<!-- a comment -->words<!DOCTYPE html>", "words"),
        ("  <p> </p> ", ""),
        ("N/A", ""),
        ("<p>N/A</p>", ""),
        ("", ""),
        (None, ""),
        (7, ""),
        (["<p>x</p>"], ""),
    ],
)
def test_markup_is_words_and_addresses(markup, text):
    assert plain_text_of(markup) == text


def test_hostile_markup_ends_soon():
    assert plain_text_of("<div>" * 200_000) == ""
    assert len(plain_text_of("<a href='https://x.example'>" * 200_000)) < 200_000


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
    ],
)
def test_of_two_variants_nothing_is_lost(plain, markup, text):
    assert whole_text(plain, markup) == text
