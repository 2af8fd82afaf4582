"""HTML becomes words and link targets; nothing of it is left, and nothing it says is lost."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saleor_xcover_plugin.xcover.plain_text import plain_text

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
"""A word written with a joiner, which has no width and may not go."""


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
        ('<a href="https://x.example/?a=1&copy=2">t</a>', "t (https://x.example/?a=1&copy=2)"),
        ('<a href="mailto:claims@x.example">Write</a>', "Write (claims@x.example)"),
        ('<a href="tel:+44123">Call</a>', "Call (+44123)"),
        ('<a href="javascript:alert(1)">terms</a>', "terms"),
        ('<img src=x alt="Not in France">words', "Not in France words"),
        ("Tom &amp; Ann &lt;3", "Tom & Ann <3"),
        ("<script>alert(1)</script><style>p{}</style>words", "words"),
        ("<script>words without an end", "words without an end"),
        ("<p>Never <b>closed", "Never closed"),
        ("<b data=it's>one it's</b> two", "< b data=it's>one it's two"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<!-- a comment -->words<!DOCTYPE html>", "words"),
        ("<!-- words without an end", "< !-- words without an end"),
        ("<title>The title</title><template>hidden</template>", "The titlehidden"),
        ("  <p> </p> ", ""),
        ("", ""),
    ],
)
def test_markup_is_words_and_addresses(markup, text):
    assert plain_text(markup, is_html=True) == text


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("under 5 < 6\nand <3", "under 5 < 6\nand <3"),
        ("Tom &amp; Ann, R&D, a&copy=b", "Tom &amp; Ann, R&D, a&copy=b"),
        ("<b>Bold</b> &amp; true", "Bold & true"),
        ("<script>alert(1)</script>words", "words"),
        ("<img src=x onerror=alert(1)>words", "words"),
        ("x<y and <john@x.example>", "x< y and < john@x.example>"),
        ("<unknown-tag onload=x>words", "< unknown-tag onload=x>words"),
        ("<svg/onload=alert(1)>words", "words"),
        ("a <b unfinished", "a < b unfinished"),
        ("&lt;img src=x onerror=alert(1)&gt;<b>words</b>", "< img src=x onerror=alert(1)>words"),
        ("<<b>script>words", "< script>words"),
        ("<scr\x00ipt>alert(1)</script>words", "words"),
        ("be\x07ll\u200b, \u202etxt\u202c", "bell, txt"),
        ("one\r\ntwo\u2028three\tfour", "one\ntwo\nthree\tfour"),
        (PERSIAN, PERSIAN),
        ("half \ud83d", "half"),
    ],
)
def test_a_plain_text_is_safe_and_says_the_same(plain, text):
    assert plain_text(plain) == text


PIECES = st.lists(
    st.sampled_from(
        ["<", ">", "/", "!", "--", "<!--", "-->", "&lt;", "&#60;", "script", "</script>"]
    )
    | st.sampled_from(
        ["img ", "onerror=", "a href=", '"', "'", "\x00", "\u200b", "\u202e", " ", "\n"]
    )
    | st.text(max_size=3),
    max_size=30,
).map("".join)
TAG = re.compile(r"<[A-Za-z/!?]")


@given(PIECES, st.booleans())
@example("&lt;<!-- -->script&gt;", True)
def test_no_text_is_a_tag_for_a_browser(piece, is_html):
    text = plain_text(piece, is_html=is_html)

    assert not TAG.search(text)
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text)


@given(st.lists(st.from_regex(r"w[0-9]{3}", fullmatch=True), min_size=1, max_size=8), st.data())
def test_no_word_between_brackets_is_lost(words, data):
    between = [
        "<b>",
        "</b>",
        " <",
        "> ",
        "<!",
        "<?",
        "</",
        "<p>",
        "&amp;",
        '"',
        "'",
        "=",
        "\n",
    ]
    markup = "".join(data.draw(st.sampled_from(between)) + f" {word} " for word in words)

    for is_html in (True, False):
        said = plain_text(markup, is_html=is_html)
        assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>",
        "<a href='https://x.example'>",
        "<script>",
        "<!--",
        "<a b='",
        '<a b="',
        "<a ",
        "&",
        "<",
    ],
)
def test_hostile_markup_ends_soon(hostile):
    assert len(plain_text(hostile * (100_000 // len(hostile)), is_html=True)) < 500_000


def test_entities_of_a_plain_text_do_no_harm():
    """A page that takes it for HTML shows what they stand for, as text."""
    assert html.unescape(plain_text("&lt;b&gt;")) == "<b>"
