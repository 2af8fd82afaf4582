"""product_rules are a closed model: what is not documented is no rule to sell by."""

import json

import pytest

from saleor_xcover_plugin.domain.product_rules import Rule
from saleor_xcover_plugin.xcover.offers import Offer
from saleor_xcover_plugin.xcover.parsing import load, parse
from saleor_xcover_plugin.xcover.product_rules import RulesUnreadable, read_rules

from .wire import fixture

GOOD = {
    "slug": "main",
    "product_ids": ["51de-1"],
    "initial_state": "show",
    "min_select": 0,
    "max_select": 1,
    "events": [],
}


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_rule_is_read_as_documented():
    assert read_rules([GOOD]) == (Rule("main", ("51de-1",), "show", 0, 1),)


@pytest.mark.parametrize("nothing", [None, []])
def test_no_rules_are_no_rules(nothing):
    assert read_rules(nothing) == ()


@pytest.mark.parametrize(
    "events", [None, [], [{"type": "never heard of", "target": 7}], {"a": "b"}, "x"]
)
def test_events_are_display_only(events):
    assert read_rules([{**GOOD, "events": events}]) == read_rules([without("events")])


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (without("slug"), "0.slug"),
        (without("product_ids"), "0.product_ids"),
        (without("initial_state"), "0.initial_state"),
        (without("min_select"), "0.min_select"),
        (without("max_select"), "0.max_select"),
        ({**GOOD, "min_select": -1}, "0.min_select"),
        ({**GOOD, "max_select": 10**9}, "0.max_select"),
        ({**GOOD, "max_select": "1"}, "0.max_select"),
        ({**GOOD, "max_select": True}, "0.max_select"),
        ({**GOOD, "max_select": 1.5}, "0.max_select"),
        ({**GOOD, "max_select": None}, "0.max_select"),
        ({**GOOD, "product_ids": "51de-1"}, "0.product_ids"),
        ({**GOOD, "product_ids": [7]}, "0.product_ids"),
        ({**GOOD, "product_ids": []}, "0.product_ids"),
        ({**GOOD, "product_ids": [""]}, "0.product_ids"),
        ({**GOOD, "product_ids": {}}, "0.product_ids"),
        ({**GOOD, "initial_state": None}, "0.initial_state"),
        ({**GOOD, "slug": ""}, "0.slug"),
        ({**GOOD, "required": True}, "0"),
        (None, "0"),
        ([], "0"),
    ],
)
def test_what_is_not_documented_is_named_by_its_place(rule, place):
    with pytest.raises(RulesUnreadable) as caught:
        read_rules([rule])

    assert caught.value.places == (place,)


@pytest.mark.parametrize("rules", [{}, "show", 7, True])
def test_rules_that_are_no_list_are_unreadable(rules):
    with pytest.raises(RulesUnreadable):
        read_rules(rules)


def test_an_offer_keeps_its_rules_or_says_that_it_cannot():
    body = load(json.dumps(fixture("offer_two_events")).encode())

    plain = parse(Offer, body)
    ruled = parse(Offer, {**body, "product_rules": [GOOD]})
    broken = parse(Offer, {**body, "product_rules": [without("max_select")]})

    assert (plain.rules, plain.unreadable_rules) == ((), ())
    assert [rule.slug for rule in ruled.rules] == ["main"]
    assert (broken.rules, broken.unreadable_rules) == ((), ("0.max_select",))
