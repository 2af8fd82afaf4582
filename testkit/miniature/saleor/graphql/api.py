"""The schema with its resolvers, and the view at /graphql/."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from graphql import build_ast_schema, graphql, parse

from ..plugins.manager import get_plugins_manager
from . import checkout_mutations, payment_mutations, staff_mutations  # noqa: F401 (they register)
from .permissions import requestor_of
from .queries import QUERIES
from .registry import MUTATIONS, Request, errors_of

_ADVICE = "This is the miniature of Saleor (testkit/miniature). A real one knows more."


@csrf_exempt
def graphql_view(request: HttpRequest) -> JsonResponse:
    if request.method != "POST":
        return _unanswered("It answers POST only.", status=405)
    try:
        payload = json.loads(request.body)
        query = payload["query"]
    except (ValueError, TypeError, KeyError):
        return _unanswered("The body must be one JSON object with a 'query'.")
    context = Request(
        requestor=requestor_of(request.headers.get("Authorization", "")),
        manager=get_plugins_manager(allow_replica=False),
    )
    result = graphql(
        SCHEMA,
        query,
        variables=payload.get("variables"),
        operation_name=payload.get("operationName"),
        context=context,
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        advice = f" {_ADVICE}" if result.invalid else ""
        answer["errors"] = [{"message": f"{error}{advice}"} for error in result.errors]
    return JsonResponse(answer, status=400 if result.invalid else 200)


def _unanswered(sentence: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"errors": [{"message": f"{sentence} {_ADVICE}"}]}, status=status)


def _build() -> Any:
    text = (Path(__file__).parent / "schema.graphql").read_text()
    schema = build_ast_schema(parse("schema { query: Query mutation: Mutation }" + text))
    amount = schema.get_type("PositiveDecimal")
    amount.parse_value, amount.parse_literal = _amount, lambda node: _amount(node.value)
    schema.get_type("DateTime").serialize = str
    for name, field in schema.get_query_type().fields.items():
        field.resolver = _query(QUERIES[name])
    for name, field in schema.get_mutation_type().fields.items():
        field.resolver = _mutation(MUTATIONS[name])
    return schema


def _query(answer: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _root, info, **arguments: answer(info.context, **arguments)


def _mutation(mutate: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(_root: Any, info: Any, **arguments: Any) -> dict[str, Any]:
        try:
            return {**mutate(info.context, **arguments), "errors": []}
        except ValidationError as error:
            return {"errors": errors_of(error)}

    return resolve


def _amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError("Value must be a number and cannot be lower than 0.")
    return amount


SCHEMA = _build()
