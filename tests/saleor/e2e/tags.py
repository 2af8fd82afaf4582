"""Make answers describe themselves: ask for type and id of what the rule may touch."""

from __future__ import annotations

from typing import Any

from graphql.language import ast
from graphql.language.parser import parse
from graphql.language.printer import print_ast
from graphql.language.visitor import TypeInfoVisitor, Visitor, visit
from graphql.utils.type_info import TypeInfo

from .rule import ID, TYPE

TAGGED = frozenset(
    {
        "Checkout",
        "CheckoutLine",
        "Order",
        "OrderLine",
        "Payment",
        "TransactionEvent",
        "TransactionItem",
    }
)


def tagged(query: str, schema: Any) -> str:
    """Add two aliased fields (``__typename`` and ``id``) wherever one of these types is read.

    A query that reads none is left as it is: errors in it name lines and columns.
    """
    types = TypeInfo(schema)
    tagger = _Tagger(types)
    told = visit(parse(query), TypeInfoVisitor(types, tagger))
    return str(print_ast(told)) if tagger.has_tagged else query


class _Tagger(Visitor):  # type: ignore[misc]  # graphql-core 2 has no types
    def __init__(self, types: TypeInfo) -> None:
        self._types = types
        self.has_tagged = False

    def leave_SelectionSet(self, node: ast.SelectionSet, *_where: Any) -> ast.SelectionSet | None:
        kind = self._types.get_parent_type()
        if kind is None or kind.name not in TAGGED:
            return None
        self.has_tagged = True
        return ast.SelectionSet(
            [*node.selections, _aliased(TYPE, "__typename"), _aliased(ID, "id")]
        )


def _aliased(alias: str, name: str) -> ast.Field:
    return ast.Field(name=ast.Name(name), alias=ast.Name(alias))
