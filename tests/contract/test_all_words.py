"""Every word XCover sends for the shopper is in what is kept as evidence, and in its hash."""

import json

import pytest

from saleor_xcover_plugin.checkout.offer_content import displayed_content, hash_of
from saleor_xcover_plugin.domain.product_rules import Choice, groups_to_show
from saleor_xcover_plugin.xcover.offers import Offer
from saleor_xcover_plugin.xcover.parsing import load, parse

from .. import words

ANSWERS = words.answers()


def read(body):
    return parse(Offer, load(json.dumps(body).encode()))


def shown(body):
    offer = read(body)
    groups = groups_to_show(offer.rules, [quote.id for quote in offer.quotes], event_count=1)
    return displayed_content(offer, groups), groups


@pytest.mark.parametrize("name", ANSWERS)
def test_no_text_of_an_answer_is_lost(name):
    # when
    content, _ = shown(ANSWERS[name])
    # then
    assert words.missing(ANSWERS[name]["content"], content) == []
    assert not any("<" in text for text in words.strings_in(content))


@pytest.mark.parametrize("name", ANSWERS)
def test_the_two_products_of_such_an_answer_are_alternatives(name):
    body = ANSWERS[name]
    content, (group,) = shown(body)

    assert (group.choice, group.max_select) == (Choice.ALTERNATIVES, 1)
    prices = [str(p["details"]["finance"]["price"]["total_amount"]) for p in body["products"]]
    assert [quote["premium"] for quote in content["quotes"]] == prices
    links = [product["details"]["pds_url"] for product in body["products"]]
    assert [quote["pds_url"] for quote in content["quotes"]] == links


def other(text):
    return f"{text}, changed"


def variants(value):
    """Yield copies of ``value`` with one text changed each."""
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    else:
        return
    for key, item in pairs:
        changed = dict(value) if isinstance(value, dict) else list(value)
        if isinstance(item, str) and key not in words.NO_TEXTS and words.is_text(item):
            changed[key] = other(item)
            yield changed
        for variant in variants(item):
            changed = dict(value) if isinstance(value, dict) else list(value)
            changed[key] = variant
            yield changed


def test_another_word_is_another_hash():
    # given
    body = ANSWERS["offer_all_texts"]
    hashes = {hash_of(shown(body)[0])}
    changed = [{**body, "content": content} for content in variants(body["content"])]
    # when
    hashes |= {hash_of(shown(variant)[0]) for variant in changed}
    # then
    assert len(changed) > 20
    assert len(hashes) == len(changed) + 1


def test_what_may_be_chosen_is_in_the_hash():
    body = ANSWERS["offer_all_texts"]
    (rule,) = body["product_rules"]

    one, two = shown(body)[0], shown({**body, "product_rules": [{**rule, "max_select": 2}]})[0]

    assert hash_of(one) != hash_of(two)


def test_a_hidden_product_leaves_no_word_behind():
    # given
    body = ANSWERS["offer_all_texts"]
    (rule,) = body["product_rules"]
    first, second = rule["product_ids"]
    # when
    hidden = {**rule, "slug": "extra", "product_ids": [second], "initial_state": "hide"}
    rules = [{**rule, "product_ids": [first]}, hidden]
    content, _ = shown({**body, "product_rules": rules})
    # then
    strings = list(words.strings_in(content))
    assert not any("A plan with more" in text or second in text for text in strings)
