"""Whatever shape a text of XCover's has: a shopper is shown all of its words, or no offer."""

import copy
import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from saleor_xcover_plugin.checkout.offer_content import check_texts, displayed_content, hash_of
from saleor_xcover_plugin.domain.product_rules import groups_to_show
from saleor_xcover_plugin.errors import Code, Refusal
from saleor_xcover_plugin.xcover.offers import Offer
from saleor_xcover_plugin.xcover.parsing import load, parse
from saleor_xcover_plugin.xcover.texts import MAX_OFFER_LENGTH, MAX_TEXT_LENGTH

from .. import words

BODY = words.answers()["offer_all_texts"]
IDENTIFIERS = {"id", "product_config_id", "slug", "locale", "schema_version", "products"}
NEW_FIELDS = {"important_notice", "when_it_ends"}
"""Fields nobody knows: XCover may say something in a new place at any time."""

OFFER_FIELDS = sorted({*BODY["content"], *NEW_FIELDS} - IDENTIFIERS)
PRODUCT_FIELDS = sorted(
    {*BODY["content"]["products"][0], "extras", "terms_cta", *NEW_FIELDS} - IDENTIFIERS
)
PLACES = [("content", name) for name in OFFER_FIELDS] + [
    ("product", name) for name in PRODUCT_FIELDS
]


def answer(place, value):
    """Return an answer with another value in one of its text fields."""
    body = copy.deepcopy(BODY)
    level, name = place
    content = body["content"]
    (content["products"][1] if level == "product" else content)[name] = value
    return body


def shown(body):
    """Return what a shopper is shown; raise ``Refusal`` where there is no offer."""
    offer = parse(Offer, load(json.dumps(body).encode()))
    groups = groups_to_show(offer.rules, [quote.id for quote in offer.quotes], event_count=1)
    check_texts(offer, groups)
    return displayed_content(offer, groups)


def refused(body):
    with pytest.raises(Refusal) as caught:
        shown(body)
    return caught.value


WORD = re.compile(r"Zq\d+|\b7\d{6}\b")
"""Words and numbers no other text holds."""

NUMBERS = st.integers(1000, 9999)
SENTENCES = st.builds(
    lambda first, second, form: form.format(f"Zq{first}", f"Zq{second}"),
    NUMBERS,
    NUMBERS,
    st.sampled_from(
        [
            "{} and {}",
            "<p>{} <b>{}</b></p>",
            "{} < 6 {}",
            "{} <{}@x.example>",
            "{} &amp; {}",
            "{}\n{}",
            "<a href='https://x.example/{}'>{}</a>",
            "N/A {}{}",
        ]
    ),
)
LEAVES = SENTENCES | st.integers(7_000_000, 7_999_999) | NUMBERS.map(lambda n: 7_000_000.5 + n)
NAMES = st.sampled_from(["title", "description", "text", "label", "heading", "items", "body_html"])
LABELS = NUMBERS.map(lambda number: f"When Zq{number} happens")
SHAPES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(NAMES | LABELS, inner, min_size=1, max_size=3)
        | st.builds(lambda one: {"title": one, "is_new": True, "icon": "bed", "id": "x-1"}, inner)
    ),
    max_leaves=8,
)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0)


@given(st.sampled_from(PLACES), SHAPES)
def test_every_word_is_shown_or_nothing_is_sold(place, value):
    # given, of a field nobody knows, what is not a setting by its shape
    assume(not (place[1] in NEW_FIELDS and isinstance(value, int | float)))
    said = set(WORD.findall(json.dumps(value)))
    # when it is nested beyond any text, then there is no offer
    if depth(value) > 9:
        assert refused(answer(place, value)).code == Code.TEXT_UNREADABLE
        return
    # and otherwise
    content = shown(answer(place, value))
    strings = " ".join(words.strings_in(content))
    assert sorted(word for word in said if word not in strings) == []
    assert not any(re.search(r"<[A-Za-z/!?]", text) for text in words.strings_in(content))


@given(st.sampled_from(PLACES), SHAPES, SHAPES)
def test_other_words_are_other_terms(place, one, other):
    def terms(value):
        content = shown(answer(place, value))
        return words_of(content), hash_of(content)

    def words_of(content):
        return sorted(word for text in words.strings_in(content) for word in WORD.findall(text))

    try:
        (first, first_hash), (second, second_hash) = terms(one), terms(other)
    except Refusal:
        return
    assert first == second or first_hash != second_hash


@pytest.mark.parametrize("place", PLACES, ids=".".join)
@pytest.mark.parametrize("odd", [{"Zq1 is insured": False}, {"Zq1": [[[[[[[[["deep"]]]]]]]]]}])
def test_what_cannot_be_read_for_certain_is_not_sold(place, odd):
    refusal = refused(answer(place, odd))

    assert refusal.code == Code.TEXT_UNREADABLE
    (field,) = refusal.fields
    level = "content.products.1" if place[0] == "product" else "content"
    assert field == f"{level}.{place[1].removesuffix('_html')}" or field == f"{level}.{place[1]}"
    assert "Zq" not in str(refusal)


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_no_text_is_cut(place):
    # given a text as long as may be
    longest = ("Zq1 " * MAX_TEXT_LENGTH)[: MAX_TEXT_LENGTH - 1] + "."
    # then all of it is shown
    assert any(
        words.spaced(longest) in text for text in words.strings_in(shown(answer(place, longest)))
    )
    # and one character more is too much
    refusal = refused(answer(place, f"{longest}!"))
    assert refusal.code == Code.TEXT_TOO_LONG
    assert len(refusal.fields) == 1


def test_all_texts_together_have_a_limit_too():
    # given ten texts of which none is too long
    lines = {f"Zq{index} is so": "w" * (MAX_OFFER_LENGTH // 10) for index in range(10)}
    # then
    refusal = refused(answer(("content", "extras"), lines))
    assert (refusal.code, refusal.fields) == (Code.TEXT_TOO_LONG, ("content",))


def test_an_extra_of_a_product_says_whose_it_is():
    # given two products, one with a text of its own beside the lists
    body = answer(("product", "extras"), {"Strikes": "Announced late"})
    more = {"label": "More: Strikes", "text": "Announced late"}
    # then
    assert shown(body)["extras"][-1] == more
    # and when it is the only product shown, it needs no name
    (rule,) = body["product_rules"]
    first, second = rule["product_ids"]
    rules = [
        {**rule, "product_ids": [second]},
        {**rule, "slug": "later", "product_ids": [first], "initial_state": "hide"},
    ]
    alone = shown({**body, "product_rules": rules})
    assert alone["extras"][-1] == {**more, "label": "Strikes"}


def test_a_text_of_a_hidden_product_stops_no_offer():
    # given
    body = answer(("product", "description"), {"Zq1 is insured": False})
    (rule,) = body["product_rules"]
    first, second = rule["product_ids"]
    hidden = {**rule, "slug": "later", "product_ids": [second], "initial_state": "hide"}
    # when
    content = shown({**body, "product_rules": [{**rule, "product_ids": [first]}, hidden]})
    # then
    assert [quote["id"] for quote in content["quotes"]] == [first]


@pytest.mark.parametrize(
    "content",
    [
        ["Zq1 is said"],
        "Zq1 is said",
        {**BODY["content"], "products": {"Zq1": "is said"}},
        {**BODY["content"], "products": ["Zq1 is said"]},
        {**BODY["content"], "products": BODY["content"]["products"] * 2},
    ],
)
def test_words_that_belong_nowhere_are_not_left_out(content):
    assert refused({**BODY, "content": content}).code == Code.TEXT_UNREADABLE


@pytest.mark.parametrize("new", ["dark", 3, True, None, "https://x.example/a.png", {}, []])
def test_a_new_setting_is_no_text(new):
    assert shown(answer(("content", "layout"), new)) == shown(BODY)


def test_benefits_of_both_places_are_shown_once():
    # given
    body = copy.deepcopy(BODY)
    body["products"][0]["details"]["benefits"] = [
        {"description": "Ticket price: The whole of it"},
        {"description": "Zq1 too"},
    ]
    # then
    benefits = shown(body)["quotes"][0]["benefits"]
    assert benefits == [
        {"label": "Ticket price", "text": "The whole of it"},
        {"label": "", "text": "Zq1 too"},
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("offer_all_texts", "7548b2e0115c262d0dd4988fa9618dc8a6a70e19e4b8d8b667ffc64c6958fc0f"),
        ("offer_alternatives", "3474d09a7f04b56725846c3bf4161812d81ff25616e7e46b502b368ccf71628c"),
    ],
)
def test_the_hash_of_what_was_always_read_is_what_it_was(name, known):
    """A yes said before an update stays a yes after it."""
    assert hash_of(shown(words.answers()[name])) == known
