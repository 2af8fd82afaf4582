"""A driver that sends GraphQL documents to a host and reads the results with exact numbers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .transports import Post
from .wire import from_wire

API = "/graphql/"
"""Path of the host's GraphQL API."""
PLUGIN_ID = "covergenius.xcover"
"""Id of the plugin, which is part of its own endpoint."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Executed:
    """An operation that returned data."""

    operation: str
    """Name of the operation."""
    is_mutation: bool
    is_for_plugin: bool
    """True if it was sent to the plugin's own endpoint."""
    data: Json
    """The ``data`` of the response."""


Listener = Callable[[Executed], None]


class DriverError(AssertionError):
    """The host's response is not what the caller needs. The message says why."""


class GraphQLFailed(DriverError):
    """The whole request failed: top-level errors, no data, or no JSON."""


@dataclass
class Refused(DriverError):
    """An operation returned ``errors`` in its root field."""

    operation: str
    errors: list[Json]
    codes: tuple[str, ...] = field(init=False)
    """The codes of the errors, in lower case."""

    def __post_init__(self) -> None:
        self.codes = tuple(str(error.get("code", "")).lower() for error in self.errors)
        super().__init__(str(self))

    def __str__(self) -> str:
        said = "; ".join(
            f"{error.get('code')} {error.get('field') or error.get('fields') or ''}: "
            f"{error.get('message')}"
            for error in self.errors
        )
        return f"{self.operation} was refused: {said}"


class Driver:
    """A sender of GraphQL documents. Calls ``listeners`` after every successful operation."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.listeners: list[Listener] = []

    def execute(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        token: str | None = None,
        url: str = API,
        is_heard: bool = True,
    ) -> Json:
        """Send one document and return its ``data``; amounts are Decimal.

        ``token`` is sent as bearer token. ``is_heard`` false does not call the listeners. Raises
        ``GraphQLFailed`` for top-level errors and for a response without JSON data.
        """
        operation = _operation(document)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = json.dumps({"query": document, "variables": variables}, default=_json_value)
        status, content = self._post(url, body, headers)
        try:
            answer = json.loads(content, parse_float=Decimal)
        except ValueError:
            text = content[:300].decode(errors="replace")
            raise GraphQLFailed(f"{operation}: status {status}, {text}") from None
        if answer.get("errors") or "data" not in answer:
            said = "; ".join(_error_text(error) for error in answer.get("errors", []))
            raise GraphQLFailed(f"{operation}: status {status}, {said}")
        data: Json = answer["data"]
        if all(root.startswith("insurance") for root in data):
            data = from_wire(data)
        if is_heard:
            executed = Executed(operation, _is_mutation(document), url != API, data)
            for listener in self.listeners:
                listener(executed)
        return data

    def mutate(
        self, document: str, variables: Mapping[str, Any], *, token: str | None = None
    ) -> Json:
        """Send a mutation with one root field and return that field.

        Raises ``Refused`` if it has errors, and ``GraphQLFailed`` as ``execute`` does.
        """
        return self._root(document, self.execute(document, variables, token=token))

    def ask_plugin(
        self,
        channel: str,
        document: str,
        variables: Mapping[str, Any],
        *,
        token: str | None = None,
    ) -> Json:
        """Send a document to the plugin's endpoint of a channel and return its root field.

        ``channel`` is the channel's slug. Raises as ``mutate`` does.
        """
        url = f"/plugins/channel/{channel}/{PLUGIN_ID}/graphql"
        return self._root(document, self.execute(document, variables, url=url, token=token))

    def _root(self, document: str, data: Json) -> Json:
        ((_, root),) = data.items()
        if root is None:
            raise GraphQLFailed(f"{_operation(document)}: the answer is null")
        if root.get("errors"):
            raise Refused(_operation(document), root["errors"])
        answer: Json = root
        return answer


def money(value: Any) -> Decimal:
    """Return the amount of a number, a money object or a taxed money object (gross)."""
    if isinstance(value, Mapping):
        return money(value["gross"] if "gross" in value else value["amount"])
    return Decimal(str(value))


def as_pairs(values: Mapping[str, str]) -> list[Json]:
    """Return metadata as the list of key and value objects that the API takes."""
    return [{"key": key, "value": value} for key, value in values.items()]


def as_mapping(pairs: list[Json]) -> dict[str, str]:
    """Return the API's list of key and value objects as a mapping."""
    return {pair["key"]: pair["value"] for pair in pairs}


def _operation(document: str) -> str:
    return document.split("(")[0].split("{")[0].split()[1]


def _is_mutation(document: str) -> bool:
    return document.lstrip().startswith("mutation")


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} is not JSON")


def _error_text(error: Json) -> str:
    code = error.get("extensions", {}).get("exception", {}).get("code", "")
    return f"{error.get('message')} {f'({code})' if code else ''}".strip()
