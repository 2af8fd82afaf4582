"""Which products may be chosen together, for rules that are right, broken or missing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.product_rules import (
    MAX_SELECTIONS,
    Choice,
    Group,
    Rule,
    check_selection,
    groups_to_show,
    largest_selection,
    selections_to_prove,
    sums_to_prove,
)
from saleor_xcover_plugin.errors import Code, Refusal

PRICES = {"a": Decimal("6.66"), "b": Decimal("9.99"), "c": Decimal("3.33"), "d": Decimal("6.66")}


def rule(*ids, slug="group", state="show", least=0, most=1):
    return Rule(slug, ids, state, least, most)


def groups(*rules, products="ab", events=1):
    return groups_to_show(rules, list(products), event_count=events)


def code_of(call):
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.code


def test_without_rules_one_product_is_a_yes_or_no():
    assert groups(products="a") == (Group("product-1", ("a",), 0, 1),)
    assert groups(products="a", events=3) == (Group("product-1", ("a",), 0, 1),)


def test_without_rules_a_product_per_event_may_be_taken_each_by_itself():
    found = groups(products="ab", events=2)

    assert [(g.quote_ids, g.min_select, g.max_select) for g in found] == [
        (("a",), 0, 1),
        (("b",), 0, 1),
    ]
    assert {group.choice for group in found} == {Choice.ADD_ONS}


def test_without_rules_several_products_for_one_event_are_alternatives():
    (group,) = groups(products="ab", events=1)

    assert (group.quote_ids, group.min_select, group.max_select) == (("a", "b"), 0, 1)
    assert group.choice == Choice.ALTERNATIVES


@pytest.mark.parametrize(("products", "events"), [("abc", 2), ("ab", 3), ("abcd", 2)])
def test_without_rules_any_other_mixture_is_no_offer(products, events):
    assert code_of(lambda: groups(products=products, events=events)) == Code.PRODUCTS_AMBIGUOUS


def test_rules_count_whatever_the_number_of_events():
    (group,) = groups(rule("a", "b"), events=2)

    assert group.choice == Choice.ALTERNATIVES


def test_a_product_no_rule_names_is_optional():
    found = groups(rule("a", slug="product-2"), products="ab")

    assert [group.quote_ids for group in found] == [("a",), ("b",)]
    assert (found[1].min_select, found[1].max_select, found[1].is_disabled) == (0, 1, False)
    assert found[1].slug != "product-2"


def test_a_hidden_group_is_not_offered_whatever_its_minimum():
    """Its minimum counts once an event shows it, and no event does."""
    for least in (0, 1):
        found = groups(rule("a"), rule("b", slug="extra", state="hide", least=least))
        assert [group.quote_ids for group in found] == [("a",)]


def test_a_disabled_group_is_shown_and_cannot_be_chosen():
    found = groups(rule("a"), rule("b", slug="extra", state="disable", least=1))

    assert (found[1].is_disabled, found[1].min_select, found[1].max_select) == (True, 0, 0)
    assert code_of(lambda: check_selection(found, {"b"})) == Code.QUOTE_DISABLED
    check_selection(found, {"a"})


def test_a_group_of_which_none_may_be_taken_is_disabled():
    found = groups(rule("a"), rule("b", slug="extra", most=0))

    assert [group.is_disabled for group in found] == [False, True]


def test_a_maximum_beyond_the_group_is_the_whole_group():
    (group,) = groups(rule("a", "b", most=900))

    assert (group.max_select, group.choice) == (2, Choice.ADD_ONS)


def test_an_unknown_state_hides_its_group():
    found = groups(rule("a"), rule("b", slug="extra", state="shimmer"))

    assert [group.quote_ids for group in found] == [("a",)]


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        (Code.RULE_MINIMUM_ABOVE_MAXIMUM, [rule("a", "b", least=2, most=1)]),
        (Code.RULE_MINIMUM_ABOVE_MAXIMUM, [rule("a"), rule("b", slug="x", state="hide", least=2)]),
        (Code.RULE_MINIMUM_OUT_OF_REACH, [rule("a", "b", least=3, most=3)]),
        (Code.RULE_UNREADABLE, [rule()]),
        (Code.RULE_UNREADABLE, [rule("a", "b"), rule(slug="x", least=1)]),
        (Code.RULE_UNREADABLE, [rule("a", "b"), rule(slug="x", state="hide")]),
        (Code.RULE_UNREADABLE, [rule("a", "b"), rule(slug="x", state="disable")]),
        (Code.RULE_UNREADABLE, [rule("a", "b"), rule(slug="x", state="shimmer", most=0)]),
        (Code.RULE_PRODUCT_UNKNOWN, [rule("a", "z")]),
        (Code.RULE_PRODUCT_UNKNOWN, [rule("a", "b"), rule("z", slug="x", state="hide")]),
        (Code.RULE_PRODUCT_IN_TWO_GROUPS, [rule("a", "b"), rule("b", slug="x")]),
        (Code.RULE_PRODUCT_IN_TWO_GROUPS, [rule("a", "a", "b")]),
        (Code.RULE_STATE_UNKNOWN, [rule("a"), rule("b", slug="x", state="shimmer", least=1)]),
        (Code.RULE_LEAVES_NO_CHOICE, [rule("a", "b", state="hide")]),
        (Code.RULE_LEAVES_NO_CHOICE, [rule("a", "b", state="disable")]),
        (Code.RULE_LEAVES_NO_CHOICE, [rule("a", "b", state="shimmer")]),
        (Code.RULE_UNREADABLE, [rule("a"), rule("b")]),
    ],
)
def test_rules_nobody_could_obey_are_no_offer_with_their_name(code, rules):
    assert code_of(lambda: groups(*rules)) == code


@pytest.mark.parametrize("events", [0, 1, 2])
def test_no_product_at_all_is_no_offer(events):
    assert code_of(lambda: groups(products="", events=events)) == Code.PRODUCTS_AMBIGUOUS


_IDS = st.lists(st.sampled_from("abcz"), max_size=3).map(tuple)
_COUNTS = st.integers(0, 3)
_STATES = st.sampled_from(["show", "hide", "disable", "shimmer"])
_RULES = st.lists(
    st.builds(Rule, st.sampled_from(["x", "y", "z"]), _IDS, _STATES, _COUNTS, _COUNTS),
    min_size=1,
    max_size=3,
)


@given(_RULES, st.sets(st.sampled_from("abcz")))
def test_what_may_be_chosen_breaks_no_rule_whatever_the_rules_are(rules, chosen):
    """A rule that could be lost on the way would sell alternatives together."""
    try:
        found = groups(*rules, products="abc")
        check_selection(found, chosen)
    except Refusal:
        return
    assert all(each.product_ids for each in rules)
    for each in rules:
        taken = chosen & set(each.product_ids)
        assert len(taken) <= (each.max_select if each.initial_state == "show" else 0)
        if each.initial_state == "show" and each.max_select:
            assert len(taken) >= each.min_select


@given(_RULES)
def test_every_product_of_a_rule_stands_in_the_group_of_that_rule_or_nowhere(rules):
    try:
        found = groups(*rules, products="abc")
    except Refusal:
        return
    group_of = {quote_id: group.slug for group in found for quote_id in group.quote_ids}
    assert sum(len(group.quote_ids) for group in found) == len(group_of)
    for each in rules:
        named = {group_of[quote_id] for quote_id in each.product_ids if quote_id in group_of}
        assert named == (set() if each.initial_state in ("hide", "shimmer") else {each.slug})


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ("", Code.QUOTE_NOT_OFFERED),
        ("z", Code.QUOTE_NOT_OFFERED),
        ("az", Code.QUOTE_NOT_OFFERED),
        ("ab", Code.TOO_MANY_CHOSEN),
        ("a", Code.TOO_FEW_CHOSEN),
        ("c", None),
        ("ac", None),
        ("acd", None),
    ],
)
def test_a_yes_obeys_minimum_and_maximum(chosen, code):
    found = groups(
        rule("a", "b", slug="one", most=1),
        rule("c", "d", slug="two", least=1, most=2),
        products="abcd",
    )

    if code is None:
        check_selection(found, set(chosen))
    else:
        assert code_of(lambda: check_selection(found, set(chosen))) == code


def test_the_dearest_choice_takes_one_of_alternatives_and_all_add_ons():
    found = groups(rule("a", "b"), products="abc")

    assert largest_selection(found, PRICES) == ("b", "c")
    assert largest_selection(groups(rule("b", "c"), products="abc"), PRICES) == ("b", "a")


def test_every_sum_a_shopper_may_choose_is_proven():
    alternatives = groups(rule("a", "b"))
    add_ons = groups(rule("a", "b", most=2))
    required = groups(rule("a", "b", least=1))

    assert sums_to_prove(alternatives, PRICES) == [Decimal("9.99"), Decimal("6.66")]
    assert sums_to_prove(add_ons, PRICES) == [Decimal("16.65"), Decimal("9.99"), Decimal("6.66")]
    assert sums_to_prove(required, PRICES) == [Decimal("9.99"), Decimal("6.66")]


def test_equal_sums_are_proven_once():
    assert sums_to_prove(groups(rule("a", "d"), products="ad"), PRICES) == [Decimal("6.66")]


def test_many_products_cost_no_more_pricings_than_products():
    ids = [f"p{number}" for number in range(30)]
    prices = {each: Decimal(number + 1) for number, each in enumerate(ids)}
    found = groups_to_show((), ids, event_count=30)

    sums = sums_to_prove(found, prices)

    assert sums[0] == sum(prices.values())
    assert set(prices.values()) <= set(sums)
    assert MAX_SELECTIONS < len(sums) <= len(ids) + 2


@pytest.mark.parametrize("rules", [(), (rule("a"),), (rule("a", "b"),)])
def test_one_id_for_two_products_is_no_offer(rules):
    assert code_of(lambda: groups(*rules, products="aba", events=2)) == Code.PRODUCTS_AMBIGUOUS


def fields_of(call):
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.fields


def test_staff_read_what_in_xcovers_answer_cannot_be_used():
    assert fields_of(lambda: groups(products="aa", events=2)) == ("products",)
    assert fields_of(lambda: groups(rule("a"), rule("b"))) == ("slug",)
    assert fields_of(lambda: groups(rule("a"), rule(slug="x"))) == ("product_ids",)


def test_groups_are_named_by_their_place_in_the_offer():
    assert [one.slug for one in groups(products="abc", events=3)] == [
        "product-1",
        "product-2",
        "product-3",
    ]
    assert [one.slug for one in groups(products="ab", events=1)] == ["alternatives"]
    named = groups(rule("a", slug="extra"), products="abc")
    assert [one.slug for one in named] == ["extra", "product-2", "product-3"]


def test_a_name_a_rule_has_is_not_given_again():
    taken = groups(
        rule("a", slug="product-3"), rule("b", slug="product-3-"), products=["a", "b", "c"]
    )

    assert [one.slug for one in taken] == ["product-3", "product-3-", "product-3--"]


def test_one_of_one_is_no_choice_between_alternatives():
    assert Group("x", ("a",), 0, 1).choice == Choice.ADD_ONS
    assert Group("x", ("a", "b"), 0, 1).choice == Choice.ALTERNATIVES
    assert Group("x", ("a", "b"), 0, 2).choice == Choice.ADD_ONS
    assert Group("x", ("a",), 0, 1).is_disabled is False


POWERS = {"a": 1, "b": 2, "c": 4, "d": 8, "e": 16}
POWERS_OF_TWO = {each: Decimal(price) for each, price in POWERS.items()}


def test_sixteen_selections_are_proven_one_by_one():
    found = groups(products="abcd", events=4)

    assert sums_to_prove(found, POWERS_OF_TWO) == [Decimal(n) for n in range(15, 0, -1)]


def test_every_selection_is_named_where_they_are_few():
    found = groups(rule("a", "b"), products="abc")

    assert set(selections_to_prove(found)) == {("a",), ("b",), ("c",), ("a", "c"), ("b", "c")}


def test_where_they_are_many_each_product_is_named_alone():
    ids = [f"p{number}" for number in range(30)]

    found = groups_to_show((), ids, event_count=30)

    assert selections_to_prove(found) == [(each,) for each in ids]


def test_a_product_nobody_can_take_is_in_no_selection():
    shown = (Group("x", ("a",), 0, 0, is_disabled=True), Group("y", ("b",), 0, 1))

    assert selections_to_prove(shown) == [("b",)]


def test_alternatives_are_as_many_selections_as_may_be_taken_of_them():
    # given at most one of four, and one more that may be taken: 5 x 2 selections
    found = groups(rule("a", "b", "c", "d"), products="abcde")
    # then no two of the four are in a sum
    sums = [24, 20, 18, 17, 16, 8, 4, 2, 1]
    assert sums_to_prove(found, POWERS_OF_TWO) == [Decimal(n) for n in sums]


def test_of_more_only_the_ends_and_the_single_products():
    found = groups(products="abcde", events=5)

    assert sums_to_prove(found, POWERS_OF_TWO) == [Decimal(n) for n in (31, 16, 8, 4, 2, 1)]


def test_what_must_be_taken_is_in_every_sum_of_many():
    # given one of two that must be taken, and three that may
    found = groups(rule("a", "b", least=1, most=2), products="abcde")
    # then the cheaper one is in all of them (3 x 2 x 2 x 2 selections)
    sums = [31, 1 + 16, 1 + 8, 1 + 4, 1 + 2, 1 + 1, 1]
    assert sums_to_prove(found, POWERS_OF_TWO) == [Decimal(n) for n in sums]


def test_a_product_that_costs_nothing_is_no_sum():
    prices = {"a": Decimal(0), "b": Decimal("0.50")}

    assert sums_to_prove(groups(products="a"), prices) == []
    assert sums_to_prove(groups(products="ab"), prices) == [Decimal("0.50")]


def test_a_minimum_of_all_products_can_be_obeyed():
    (group,) = groups(rule("a", "b", least=2, most=2))

    assert (group.min_select, group.max_select) == (2, 2)
    check_selection([group], {"a", "b"})
    assert code_of(lambda: check_selection([group], {"a"})) == Code.TOO_FEW_CHOSEN
    assert largest_selection([group], PRICES) == ("a", "b")


def test_a_disabled_group_beside_one_that_is_not_is_a_choice():
    found = groups(rule("a", state="disable"), rule("b", slug="x"))

    assert [one.is_disabled for one in found] == [True, False]
    assert found[0].quote_ids == ("a",)
