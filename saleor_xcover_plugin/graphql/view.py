"""GraphQL over HTTP on the plugin's own address, with limits Saleor's own view cannot give us."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from graphql import GraphQLError, execute
from graphql.language import ast

from ..checkout.allowances import client_of
from ..clock import utc_now
from ..config.settings import PluginSettings, SettingsError, read_settings
from ..errors import Code
from ..host.requestor import Requestor, requestor_of
from .context import Context, StaffContext
from .limits import (
    STAFF,
    TooMuch,
    check_limits,
    check_operation,
    check_validity,
    read_document,
)
from .masking import masked
from .schema import schema

log = logging.getLogger(__name__)

MAX_BODY = 16_384
MAX_SENTENCE_LENGTH = 300
"""Characters of an error about a document, which may quote it."""


class _Refused(Exception):
    """The request is not answered; the text says why."""

    def __init__(self, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def graphql_view(
    request: HttpRequest, *, channel_id: int, configuration: Iterable[Mapping[str, Any]]
) -> HttpResponse:
    """Answer one POSTed operation with one root field, at the address of a channel."""
    requestor: Callable[[], Requestor] = cache(partial(requestor_of, request))

    def context() -> Context:
        try:
            settings = read_settings(configuration)
        except SettingsError:
            sentence = "Ticket protection is not configured in this channel."
            raise _Refused(sentence, status=503) from None
        return Context(channel_id, settings, requestor, _client(request, settings))

    return answer_operation(request, schema, lambda: requestor().may_manage(channel_id), context)


def answer_operation(
    request: HttpRequest,
    schema: Any,
    is_staff: Callable[[], bool],
    context: Callable[[], StaffContext],
) -> HttpResponse:
    """Answer one POSTed operation with one root field of a schema.

    ``is_staff`` tells if the limits of staff hold, and ``context`` returns what resolvers get.
    """
    if request.method != "POST":
        return _refused("Send a POST request with a JSON body.", status=405, Allow="POST")
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return _refused("The body is too large.", status=413)
    try:
        sent = _read(body)
        document, variables = read_document(sent.query), sent.variables
        check_operation(document, sent.operation)
        _check_limits(document, variables, is_staff)
        check_validity(schema, document)
        return _executed(schema, document, variables, context())
    except _Refused as refused:
        return _refused(str(refused), status=refused.status)
    except GraphQLError as error:
        return _refused(str(error))


def _client(request: HttpRequest, settings: PluginSettings) -> str | None:
    if not settings.client_header:
        return None
    header = request.headers.get(settings.client_header, "")
    client = client_of(header, settings, utc_now())
    if client is None:
        _tell_once(settings.client_header, settings.trusted_proxies)
    return client


@cache
def _tell_once(header: str, proxies: int) -> None:
    """Tell once in each process: nobody is refused, so nothing else would show it."""
    log.warning("xcover.client.unknown", extra={"header": header, "proxies": proxies})


@dataclass(frozen=True, slots=True)
class _Sent:
    """The body of a request."""

    query: str
    variables: dict[str, Any]
    operation: str | None
    """Name of the operation to execute; None: the only one there is."""


def _read(body: bytes) -> _Sent:
    """Read a body. Raise ``_Refused``; only what is absent or null may be left out."""
    try:
        payload = json.loads(body)
        query, variables = payload["query"], payload.get("variables")
        operation = payload.get("operationName")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _Refused("Expected a JSON object with query and variables.") from None
    variables = {} if variables is None else variables
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise _Refused("Expected a JSON object with query and variables.")
    if not isinstance(operation, str | None):
        raise _Refused("operationName is a text.")
    return _Sent(query, variables, operation)


def _check_limits(
    document: ast.Document, variables: Mapping[str, Any], is_staff: Callable[[], bool]
) -> None:
    """Find out who asks only where a shopper may not: that costs queries."""
    try:
        check_limits(document, variables=variables)
    except TooMuch:
        if not (django_settings.DEBUG or is_staff()):
            raise
        check_limits(document, STAFF, variables)


def _executed(
    schema: Any, document: ast.Document, variables: dict[str, Any], context: StaffContext
) -> HttpResponse:
    try:
        result = execute(schema, document, context_value=context, variable_values=variables)
    except Exception as error:
        # graphql-core 2 lets out whatever converting a variable raises.
        log.info("xcover.storefront.unreadable", extra={"error": type(error).__name__})
        is_told = isinstance(error, GraphQLError)
        return _refused(str(error) if is_told else "The variables cannot be read.")
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [masked(error) for error in result.errors]
    return JsonResponse(answer)


def _refused(message: str, *, status: int = 400, **headers: str) -> HttpResponse:
    error = {"message": _short(message), "extensions": {"code": Code.BAD_REQUEST.name}}
    return JsonResponse({"errors": [error]}, status=status, headers=headers)


def _short(message: object) -> str:
    return str(message)[:MAX_SENTENCE_LENGTH]
