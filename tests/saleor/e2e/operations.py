"""Read what a test sends: which mutation or query, about what, and which amount it pays."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from graphql.language import ast
from graphql.language.parser import parse

Column = Literal["charged", "authorized"]

PAYMENT_STEPS = frozenset(
    {
        "checkoutPaymentCreate",
        "paymentGatewayInitialize",
        "transactionInitialize",
        "transactionCreate",
        "checkoutComplete",
        "orderCreateFromCheckout",
    }
)
"""Before each of these a yes is said, when what it names is a checkout."""

_AMOUNTS: Mapping[str, tuple[tuple[tuple[str, ...], Column], ...]] = {
    "checkoutPaymentCreate": ((("input", "amount"), "charged"),),
    "transactionCreate": (
        (("transaction", "amountCharged", "amount"), "charged"),
        (("transaction", "amountAuthorized", "amount"), "authorized"),
    ),
    "transactionInitialize": ((("amount",), "charged"),),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """The first root field of a document, with its arguments as the variables give them."""

    name: str
    arguments: Mapping[str, Any]
    variables: Mapping[str, Any]
    _variable_of: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The global id this is about, or nothing."""
        for name in ("id", "checkoutId"):
            if isinstance(self.arguments.get(name), str):
                return str(self.arguments[name])
        return ""

    def paying_more(self, premium: Decimal) -> tuple[Mapping[str, Any], Column] | None:
        """Return the variables with the premium added to what is paid, and how that is paid.

        None when nothing is paid here.
        """
        for (argument, *inner), column in _AMOUNTS.get(self.name, ()):
            variables = copy.deepcopy(dict(self.variables))
            steps = [self._variable_of.get(argument, ""), *inner]
            holder: Any = variables
            for step in steps[:-1]:
                holder = (holder or {}).get(step)
            amount = (holder or {}).get(steps[-1])
            if amount:
                holder[steps[-1]] = float(Decimal(str(amount)) + premium)
                return variables, self._column(column)
        return None

    def _column(self, column: Column) -> Column:
        is_authorization = self.arguments.get("action") == "AUTHORIZATION"
        return "authorized" if is_authorization else column


def read_operation(query: str, variables: Mapping[str, Any] | None) -> Operation:
    """Read a document of one operation."""
    given = variables or {}
    definitions = parse(query).definitions
    (operation,) = (d for d in definitions if isinstance(d, ast.OperationDefinition))
    root = next(s for s in operation.selection_set.selections if isinstance(s, ast.Field))
    variable_of = {
        argument.name.value: argument.value.name.value
        for argument in root.arguments
        if isinstance(argument.value, ast.Variable)
    }
    arguments = {name: given.get(variable) for name, variable in variable_of.items()}
    return Operation(root.name.value, arguments, given, variable_of)
