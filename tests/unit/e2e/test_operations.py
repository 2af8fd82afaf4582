"""Which step pays, for which checkout, and where the premium is added to what a test sends."""

from __future__ import annotations

from decimal import Decimal

import pytest
from graphql import (
    GraphQLField,
    GraphQLID,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from tests.saleor.e2e.operations import read_operation
from tests.saleor.e2e.tags import tagged

PREMIUM = Decimal("6.66")
TRANSACTION = """
mutation Pay($id: ID!, $given: TransactionCreateInput!) {
  transactionCreate(id: $id, transaction: $given) { transaction { id } }
}"""
INITIALIZE = """
mutation Pay($checkout: ID!, $amount: PositiveDecimal, $action: TransactionFlowStrategyEnum) {
  transactionInitialize(id: $checkout, amount: $amount, action: $action) { data }
}"""


@pytest.mark.parametrize("column", ["Charged", "Authorized"])
def test_the_premium_is_added_to_what_a_transaction_charges_or_authorizes(column):
    given = {"amountCharged": None, "amountAuthorized": None}
    given[f"amount{column}"] = {"currency": "USD", "amount": 9.99}
    variables = {"id": "checkout-1", "given": given}

    operation = read_operation(TRANSACTION, variables)
    more, paid_as = operation.paying_more(PREMIUM) or ({}, "")

    assert operation.subject == "checkout-1"
    assert more["given"][f"amount{column}"] == {"currency": "USD", "amount": 16.65}
    assert paid_as == column.lower()
    assert given[f"amount{column}"]["amount"] == 9.99  # what the test holds is left alone


def test_an_initialized_transaction_says_by_its_action_how_it_pays():
    variables = {"checkout": "checkout-1", "amount": 5, "action": "AUTHORIZATION"}

    operation = read_operation(INITIALIZE, variables)

    assert operation.paying_more(PREMIUM) == ({**variables, "amount": 11.66}, "authorized")


def test_where_nothing_is_paid_nothing_is_added():
    complete = "mutation M($checkoutId: ID!) { checkoutComplete(id: $checkoutId) { order { id } } }"

    operation = read_operation(complete, {"checkoutId": "checkout-1"})

    assert operation.subject == "checkout-1"
    assert operation.paying_more(PREMIUM) is None


def test_a_query_also_asks_for_type_and_id_where_the_rule_may_touch():
    line = GraphQLObjectType(
        "OrderLine", {"id": GraphQLField(GraphQLID), "name": GraphQLField(GraphQLString)}
    )
    order = GraphQLObjectType(
        "Order", {"id": GraphQLField(GraphQLID), "lines": GraphQLField(GraphQLList(line))}
    )
    shop = GraphQLObjectType("Shop", {"name": GraphQLField(GraphQLString)})
    query = GraphQLObjectType("Query", {"order": GraphQLField(order), "shop": GraphQLField(shop)})
    document = "{ order { lines { ...Line } } shop { name } } fragment Line on OrderLine { name }"

    asked = tagged(document, GraphQLSchema(query))

    assert asked.count("xcoverType: __typename") == 3  # the order, its lines, the fragment
    assert asked.count("xcoverId: id") == 3
    assert "shop {\n    name\n  }" in asked


def test_a_query_in_which_the_rule_touches_nothing_stays_as_it_is():
    """Errors in it name lines and columns."""
    shop = GraphQLObjectType("Shop", {"name": GraphQLField(GraphQLString)})
    query = GraphQLObjectType("Query", {"shop": GraphQLField(shop)})
    document = "{\n shop {\n\n name } }"

    assert tagged(document, GraphQLSchema(query)) == document
