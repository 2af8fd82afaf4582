"""GraphQL over HTTP on the plugin's own address, with limits Saleor's own view cannot give us."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from graphql import GraphQLError, parse
from graphql.language import ast

from ..conf import SettingsError, read_settings
from ..errors import Code
from ..host.requestor import requestor_of
from .schema import Context, schema

MAX_BODY = 16_384
MAX_DEPTH = 8


def graphql_view(
    request: HttpRequest, *, channel_id: int, configuration: Iterable[Mapping[str, Any]]
) -> HttpResponse:
    """Answer one POSTed operation with one root field."""
    if request.method != "POST":
        return _refused("Send a POST request with a JSON body.", status=405)
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return _refused("The body is too large.", status=413)
    try:
        payload = json.loads(body)
        query, variables = payload["query"], payload.get("variables") or {}
        if not isinstance(query, str) or not isinstance(variables, dict):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        return _refused("Expected a JSON object with query and variables.")
    try:
        check_limits(parse(query))
    except GraphQLError as error:
        return _refused(str(error))
    except RecursionError:
        return _refused("The query is nested too deeply.")
    try:
        settings = read_settings(configuration)
    except SettingsError:
        return _refused("Ticket protection is not configured in this channel.", status=503)
    result = schema.execute(
        query,
        variables=variables,
        context=Context(channel_id, settings, requestor=lambda: requestor_of(request)),
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"message": str(error)} for error in result.errors]
    return JsonResponse(answer, status=400 if result.invalid else 200)


def check_limits(document: ast.Document) -> None:
    """Allow one operation with one root field and no deep nesting."""
    operations = [d for d in document.definitions if isinstance(d, ast.OperationDefinition)]
    if len(operations) != 1 or len(document.definitions) != 1:
        raise GraphQLError("Send exactly one operation, without fragments.")
    selections = operations[0].selection_set.selections
    if len(selections) != 1 or not isinstance(selections[0], ast.Field):
        raise GraphQLError("Ask for one root field per request, without fragments.")
    if _depth(operations[0]) > MAX_DEPTH:
        raise GraphQLError("The query is nested too deeply.")


def _depth(node: Any) -> int:
    selections = getattr(node, "selection_set", None)
    if selections is None:
        return 0
    return 1 + max((_depth(child) for child in selections.selections), default=0)


def _refused(message: str, *, status: int = 400) -> HttpResponse:
    error = {"message": message, "extensions": {"code": Code.BAD_REQUEST.value}}
    return JsonResponse({"errors": [error]}, status=status)
