"""A document is counted before it is validated, and the counting itself stops early."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError
from graphql.utils.introspection_query import introspection_query

from saleor_xcover_plugin.graphql.limits import (
    MAX_NAME,
    MAX_NESTING,
    MAX_TOKENS,
    SHOPPER,
    STAFF,
    TooMuch,
    check_limits,
    read_document,
)

from ...steps import counted

FEW = 45_000
"""Calls of Python functions. Reading 2,000 tokens takes up to 40,000, and all else next to none."""


def ask(fields: str, rest: str = "") -> str:
    return f'{{ insuranceOffer(checkoutId: "x") {{ offer {{ {fields} }} }} }} {rest}'


def cost(query: str, limits: Any = SHOPPER, **variables: Any) -> int:
    return check_limits(read_document(query), limits, variables)


def refusal(query: str, limits: Any = SHOPPER, **variables: Any) -> str:
    """Return why a document is refused, and have it refused in a few steps."""

    def read() -> GraphQLError:
        with pytest.raises(GraphQLError) as caught:
            check_limits(read_document(query), limits, variables)
        return caught.value

    error, steps = counted(read)
    assert steps < FEW
    return str(error)


def aliases(count: int) -> str:
    """Ask for ``count`` different fields; each costs two."""
    return " ".join(f"a{number}: f{number}" for number in range(count))


# What it costs ------------------------------------------------------------------------------

BASE = 4  # insuranceOffer, its argument, its value, offer


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ("heading", 1),
        ("heading title", 2),
        ("other: heading", 2),
        ("heading heading heading", 1 + 2 + 3),
        ("a: heading b: heading", 2 + 3),
        ("quotes { id } quotes { id }", 1 + 1 + 2 + 2),
        ("quotes { id } extras { id }", 4),
        ("heading @include(if: true)", 1 + 3),
        ("heading(of: [1, 2, {a: 3}])", 1 + 1 + 1 + 2 + 1 + 1),
        ("... { heading }", 2),
        ("... @skip(if: false) { heading }", 1 + 3 + 1),
    ],
)
def test_what_counts(fields: str, price: int) -> None:
    assert cost(ask(fields)) == BASE + price


def test_a_fragment_counts_wherever_it_is_used() -> None:
    fragments = "fragment A on Offer { heading title } fragment B on Offer { ...A subHeading }"

    assert cost(ask("...A", "fragment A on Offer { heading title }")) == BASE + 1 + 2
    assert cost(ask("...B", fragments)) == BASE + 1 + 1 + 2 + 1
    assert cost(ask("...A ...B", fragments)) == BASE + 1 + 2 + 1 + 1 + (2 + 2) + 1


def test_variables_count_where_they_are_declared_and_where_they_are_sent() -> None:
    query = "query A($id: ID! = 1) { insuranceOffer(checkoutId: $id) { offer { heading } } }"

    assert cost(query) == 2 + BASE + 1
    assert cost(query, id="x") == 2 + BASE + 1 + 1
    assert cost(query, id=["x", {"y": [1, 2]}]) == 2 + BASE + 1 + 1 + 2 + 1 + 2


@pytest.mark.parametrize("limits", [SHOPPER, STAFF], ids=["shopper", "staff"])
def test_the_limit_is_exact(limits: Any) -> None:
    room = limits.cost - BASE

    assert cost(ask(aliases(room // 2)), limits) == limits.cost
    assert "too much" in refusal(ask(aliases(room // 2) + " heading"), limits)


def test_staff_may_ask_what_a_shopper_may_not() -> None:
    assert (SHOPPER.cost, STAFF.cost) == (150, 600)
    query = ask(aliases(200))
    with pytest.raises(TooMuch):
        cost(query)

    assert cost(query, STAFF) == BASE + 400


@pytest.mark.parametrize(
    ("kind", "price"), [("ID", 1), ("ID!", 1), ("[ID!]!", 2), ("[[[[ID]]]]", 5)]
)
def test_each_list_around_the_type_of_a_variable_counts(kind: str, price: int) -> None:
    query = f"query A($ids: {kind}) {{ insuranceOffer(checkoutId: $ids) {{ offer {{ id }} }} }}"

    assert cost(query) == price + BASE + 1


# What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [SHOPPER, STAFF], ids=["shopper", "staff"])
@pytest.mark.parametrize("level", ["a {{ {} }}", "... {{ {} }}"], ids=["fields", "fragments"])
def test_the_depth_is_exact(limits: Any, level: str) -> None:
    def nested(depth: int) -> str:
        fields = "id"
        for _ in range(depth - 2):  # the root field and the innermost one are selections, too
            fields = level.format(fields)
        return f"{{ insuranceOffer {{ {fields} }} }}"

    assert cost(nested(limits.depth), limits) > 0
    assert refusal(nested(limits.depth + 1), limits) == "The query is nested too deeply."
    assert refusal(nested(25), STAFF) == "The query is nested too deeply."


def test_fragments_are_as_deep_as_they_are_used() -> None:
    chain = " ".join(f"fragment F{n} on A {{ a {{ ...F{n + 1} }} }}" for n in range(10))

    assert "deeply" in refusal(ask("...F0", chain + " fragment F10 on A { id }"))


def test_the_tokens_are_counted_while_they_are_read() -> None:
    fitting = ask("heading " * 1_900)
    assert "too much" in refusal(fitting)

    # The body that took 25 s of a web process.
    assert refusal(ask("a " * 5_000)) == "The query is too long."
    assert MAX_TOKENS == 2_000


@pytest.mark.parametrize("count", [MAX_TOKENS, MAX_TOKENS + 1])
def test_the_number_of_tokens_is_exact(count: int) -> None:
    # ``{a(b:[`` and ``])}`` are nine.
    query = "{a(b:[" + "1 " * (count - 9) + "])}"
    expected = "too much" if count == MAX_TOKENS else "too long"

    assert expected in refusal(query)


@pytest.mark.parametrize("opening", ["{a", "[", "("])
def test_brackets_are_counted_before_the_parser_follows_them(opening: str) -> None:
    before = "{a(b:" if opening == "[" else "{a" if opening == "(" else ""
    sentence = refusal(before + opening * 1_900)

    assert "deeply" in sentence or "Expected" in sentence
    if opening != "(":
        assert sentence == "The query is nested too deeply."


def test_brackets_may_be_as_deep_as_said() -> None:
    depth = MAX_NESTING - 2
    assert cost("{a(b:" + "[" * depth + "]" * depth + ")}") > 0
    assert "deeply" in refusal("{a(b:" + "[" * (depth + 1) + "]" * (depth + 1) + ")}")


@pytest.mark.parametrize("letter", ["n", "1"])
def test_names_and_numbers_are_short(letter: str) -> None:
    """Each unknown name is compared letter by letter with all known ones."""
    assert cost("{a(b: " + letter * MAX_NAME + ")}") == 3
    assert "too long" in refusal("{a(b: " + letter * (MAX_NAME + 1) + ")}")


def test_fragments_that_double_are_not_followed_to_their_end() -> None:
    doubling = " ".join(
        f"fragment F{n} on A {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} }}" for n in range(4)
    )

    assert "too much" in refusal(ask("...F0 ...F0", doubling + " fragment F4 on A { id }"))


@pytest.mark.parametrize(
    ("fields", "rest", "sentence"),
    [
        ("...A", "fragment A on B { ...A }", "deeply"),
        ("...A", "fragment A on B { a { ...C } } fragment C on B { c { ...A } }", "deeply"),
        ("...A", "", "does not hold"),
        ("a", "fragment A on B { a }", "does not use"),
        ("...A", "fragment A on B { a } fragment A on B { b }", "exactly one"),
        ("a", "query B { insuranceOffer }", "exactly one"),
        ("a", "type B { c: Int }", "exactly one"),
    ],
)
def test_definitions_are_used_once_they_are_there(fields: str, rest: str, sentence: str) -> None:
    assert sentence in refusal(ask(fields, rest))


@pytest.mark.parametrize(
    "query",
    [
        "{ a b }",
        "{ ... { a } }",
        "{ ...A } fragment A on Query { a }",
        "{ a: insuranceOffer b: insuranceOffer }",
    ],
)
def test_one_root_field(query: str) -> None:
    assert "one root field" in refusal(query)


@pytest.mark.parametrize("root", ["__schema", "__type(name: 1)", "a: __schema"])
def test_the_schema_is_told_to_staff_only(root: str) -> None:
    query = f"{{ {root} {{ name }} }}"

    assert "schema.graphql" in refusal(query)
    assert cost(query, STAFF) > 0
    assert cost("{ __typename }") == 1


def test_the_introspection_of_common_tools_is_for_staff() -> None:
    assert "schema.graphql" in refusal(introspection_query)
    assert cost(introspection_query, STAFF) == 195


def test_variables_are_counted_however_they_are_nested() -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    query = "query A($id: ID) { a(id: $id) }"

    assert "too much" in refusal(query, id=deep)
    assert "too much" in refusal(query, id=["x"] * 5_000)
    assert "too much" in refusal(query, **{f"v{number}": 1 for number in range(200)})


@pytest.mark.parametrize(
    "fields",
    [
        "heading " * 900,
        " ".join(f"a{n}: terms" for n in range(600)),
        " ".join(f"x: f{n}" for n in range(600)),
        "quotes { id } " * 400,
        "heading @skip(if: false) " * 240,
        "heading(a: 1) " * 300,
        "... { heading } " * 400,
    ],
    ids=["fields", "aliases", "one alias", "lists", "directives", "arguments", "fragments"],
)
def test_wide_documents_end_soon(fields: str) -> None:
    assert "too much" in refusal(ask(fields))
