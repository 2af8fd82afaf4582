"""Limits on the cost of a document, checked before it is validated and executed.

Anybody may send one. graphql-core 2 compares every field with every other one of the same name, and
each unknown name with all known ones letter by letter, so it gets only documents that are small by
then. The counting stops at the first node that is too much.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, Source
from graphql.language import ast
from graphql.language.lexer import PUNCT_CODE_TO_KIND, Lexer, Token, TokenKind
from graphql.language.parser import Parser, parse_document
from graphql.language.visitor import ParallelVisitor, TypeInfoVisitor, visit
from graphql.utils.type_info import TypeInfo
from graphql.validation import specified_rules
from graphql.validation.validation import ValidationContext

MAX_TOKENS = 2_000
MAX_NESTING = 32
"""Brackets of all kinds inside each other; the parser calls itself for each."""
MAX_NAME = 64
"""Characters of a name or a number. The longest name of the schema has 30."""

_NESTS = {
    TokenKind.BRACE_L: 1,
    TokenKind.BRACKET_L: 1,
    TokenKind.PAREN_L: 1,
    TokenKind.BRACE_R: -1,
    TokenKind.BRACKET_R: -1,
    TokenKind.PAREN_R: -1,
}
_PLAIN = re.compile(
    r"[ \t\n\r,\ufeff]*(?:(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<mark>[!$():=@\[\]{|}]))"
)
_SHORT = (TokenKind.NAME, TokenKind.INT, TokenKind.FLOAT)
_INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one kind of client for a single document."""

    cost: int
    """Nodes of the document and of its variables, as ``cost_of`` counts them."""
    depth: int
    """Selections inside each other."""
    may_introspect: bool


SHOPPER = Limits(cost=150, depth=8, may_introspect=False)
"""The dearest document of the element costs 70."""
STAFF = Limits(cost=600, depth=16, may_introspect=True)
"""The introspection query of common tools costs 195 and is 13 deep."""


class TooMuch(GraphQLError):
    """The document asks for more than these limits allow; others may allow it."""


def read_document(query: str) -> ast.Document:
    """Parse a document. Raise ``GraphQLError`` as soon as it is too long, too deep or wrong."""
    source = Source(query)
    parser = Parser(source, {"no_location": True, "no_source": True})
    parser.lexer = _BoundedLexer(source)
    return parse_document(parser)


class _BoundedLexer(Lexer):
    """Gives the parser no more than a bounded number of short tokens."""

    __slots__ = ("nesting", "tokens")

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        # The parser has read the first token before it gets this lexer.
        first = super().next_token(0)
        self.tokens, self.nesting = 1, _NESTS.get(first.kind, 0)

    def next_token(self, reset_position: int | None = None) -> Token:
        token = self._plain_token(reset_position) or super().next_token(reset_position)
        self.tokens += token.kind != TokenKind.EOF
        self.nesting += _NESTS.get(token.kind, 0)
        if self.tokens > MAX_TOKENS:
            raise GraphQLError("The query is too long.")
        if self.nesting > MAX_NESTING:
            raise GraphQLError("The query is nested too deeply.")
        if token.kind in _SHORT and token.end - token.start > MAX_NAME:
            raise GraphQLError("The query holds a name or a number that is too long.")
        return token

    def _plain_token(self, position: int | None) -> Token | None:
        """Read a name or a bracket at once; graphql-core 2 reads it character by character."""
        # The parser always says where to go on.
        found = None if position is None else _PLAIN.match(self.source.body, position)
        if found is None:
            return None
        if name := found["name"]:
            return Token(TokenKind.NAME, found.start("name"), found.end(), name)
        kind = PUNCT_CODE_TO_KIND[ord(found["mark"])]
        return Token(kind, found.start("mark"), found.end())


def check_operation(document: ast.Document, name: str | None) -> None:
    """Raise ``GraphQLError`` for a subscription, and if no operation has the name that was sent.

    The schema has no subscriptions, and the validation does not say so.
    """
    operation, _ = _parts(document)
    if operation.operation not in ("query", "mutation"):
        raise GraphQLError("Send a query or a mutation.")
    if name is not None and (operation.name is None or operation.name.value != name):
        raise GraphQLError("No operation of the document has the name in operationName.")


def check_limits(
    document: ast.Document,
    limits: Limits = SHOPPER,
    variables: Mapping[str, Any] | None = None,
) -> int:
    """Allow one operation with one root field that costs no more than the limits; return its cost.

    Raise ``TooMuch`` where other limits might allow it, ``GraphQLError`` where none do.
    """
    operation, fragments = _parts(document)
    selections = operation.selection_set.selections
    if len(selections) != 1 or not isinstance(selections[0], ast.Field):
        raise GraphQLError("Ask for one root field per request, without fragments around it.")
    if selections[0].name.value in _INTROSPECTION and not limits.may_introspect:
        raise TooMuch("The schema is docs/schema.graphql of the plugin; only staff may ask for it.")
    return cost_of(operation, fragments, limits, variables or {})


def _parts(
    document: ast.Document,
) -> tuple[ast.OperationDefinition, dict[str, ast.FragmentDefinition]]:
    operations = [d for d in document.definitions if isinstance(d, ast.OperationDefinition)]
    named = [d for d in document.definitions if isinstance(d, ast.FragmentDefinition)]
    fragments = {fragment.name.value: fragment for fragment in named}
    if len(operations) != 1 or len(document.definitions) != 1 + len(fragments):
        raise GraphQLError("Send exactly one operation, and each of its fragments once.")
    return operations[0], fragments


def cost_of(
    operation: ast.OperationDefinition,
    fragments: Mapping[str, ast.FragmentDefinition],
    limits: Limits,
    variables: Mapping[str, Any],
) -> int:
    """Count the nodes of an operation with its fragments written out wherever they are used.

    Each field, alias, argument, value, directive, fragment and variable is one. A field that is
    asked for again at the same place costs one more each time, under whatever alias: it is compared
    with all before it, and answered once more. Raise ``TooMuch`` above the limits.
    """
    bill = _Bill(fragments, limits)
    bill.charge_variables(variables)
    bill.charge_operation(operation)
    if bill.unused:
        raise GraphQLError("The query holds a fragment it does not use.")
    return bill.total


class _Bill:
    """Adds up what a document costs and stops once it is too much."""

    def __init__(self, fragments: Mapping[str, ast.FragmentDefinition], limits: Limits) -> None:
        self.total = 0
        self.unused = set(fragments)
        self._fragments, self._limits = fragments, limits
        self._fields: Counter[tuple[str, ...]] = Counter()

    def charge_variables(self, variables: Mapping[str, Any]) -> None:
        waiting: list[Any] = [variables]
        while waiting:
            value = waiting.pop()
            inner = value.values() if isinstance(value, dict) else value
            if isinstance(value, dict | list):
                self._charge(len(value))
                waiting += inner

    def charge_operation(self, operation: ast.OperationDefinition) -> None:
        for variable in operation.variable_definitions or ():
            self._charge(1)
            self._charge_type(variable.type)
            self._charge_value(variable.default_value)
        self._charge_directives(operation.directives)
        self._charge_selections(operation.selection_set, path=(), depth=1)

    def _charge_selections(
        self, selection_set: ast.SelectionSet, *, path: tuple[str, ...], depth: int
    ) -> None:
        if depth > self._limits.depth:
            raise TooMuch("The query is nested too deeply.")
        for selection in selection_set.selections:
            self._charge_directives(selection.directives)
            if isinstance(selection, ast.Field):
                self._charge_field(selection, path, depth)
                continue
            self._charge(1)
            inner = self._inner_of(selection)
            self._charge_selections(inner, path=path, depth=depth + 1)

    def _charge_field(self, field: ast.Field, path: tuple[str, ...], depth: int) -> None:
        place = (*path, field.name.value)
        self._fields[place] += 1
        self._charge(self._fields[place] + bool(field.alias))
        for argument in field.arguments or ():
            self._charge(1)
            self._charge_value(argument.value)
        if field.selection_set is not None:
            self._charge_selections(field.selection_set, path=place, depth=depth + 1)

    def _inner_of(self, fragment: ast.InlineFragment | ast.FragmentSpread) -> ast.SelectionSet:
        if isinstance(fragment, ast.InlineFragment):
            return fragment.selection_set
        name = fragment.name.value
        if name not in self._fragments:
            raise GraphQLError("The query uses a fragment it does not hold.")
        if name in self.unused:
            self.unused.remove(name)
            self._charge_directives(self._fragments[name].directives)
        return self._fragments[name].selection_set

    def _charge_directives(self, directives: Iterable[ast.Directive] | None) -> None:
        for directive in directives or ():
            self._charge(1)
            for argument in directive.arguments or ():
                self._charge(1)
                self._charge_value(argument.value)

    def _charge_type(self, kind: Any) -> None:
        """Lists of lists are looked at by every rule of the validation."""
        while isinstance(kind, ast.ListType | ast.NonNullType):
            self._charge(isinstance(kind, ast.ListType))
            kind = kind.type

    def _charge_value(self, value: Any) -> None:
        if value is None:
            return
        self._charge(1)
        if isinstance(value, ast.ListValue):
            for each in value.values:
                self._charge_value(each)
        elif isinstance(value, ast.ObjectValue):
            for each in value.fields:
                self._charge_value(each.value)

    def _charge(self, count: int) -> None:
        self.total += count
        if self.total > self._limits.cost:
            raise TooMuch("The query asks for too much at once.")


class _FirstError(ValidationContext):
    """Ends a validation with its first error: each may cost a search for similar names."""

    __slots__ = ()

    def report_error(self, error: GraphQLError) -> None:
        raise error


def check_validity(schema: Any, document: ast.Document) -> None:
    """Raise the first ``GraphQLError`` of a document that does not fit the schema."""
    types = TypeInfo(schema)
    context = _FirstError(schema, document, types)
    rules = ParallelVisitor([rule(context) for rule in specified_rules])
    visit(document, TypeInfoVisitor(types, rules))
