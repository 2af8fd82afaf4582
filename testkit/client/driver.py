"""Send GraphQL documents to a host and read its answers; money comes back as Decimal."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .transports import Post
from .wire import from_wire

API = "/graphql/"
PLUGIN_ID = "covergenius.xcover"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Executed:
    """One operation that was answered: what a recorder listens to."""

    operation: str
    is_mutation: bool
    is_for_plugin: bool
    data: Json


Listener = Callable[[Executed], None]


class DriverError(AssertionError):
    """The host answered something the flow did not expect; the text says what."""


class GraphQLFailed(DriverError):
    """The request failed as a whole: top-level errors or no JSON."""


@dataclass
class Refused(DriverError):
    """A mutation answered with errors. ``codes`` in lower case, as given by the host."""

    operation: str
    errors: list[Json]
    codes: tuple[str, ...] = field(init=False)

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
    """Posts GraphQL documents; ``listeners`` hear of every operation that was answered."""

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
        """Send one document and return its ``data``; raise ``GraphQLFailed``."""
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
        """Send a mutation of one root field and return that field; raise ``Refused``."""
        return self._root(document, self.execute(document, variables, token=token))

    def ask_plugin(
        self,
        channel: str,
        document: str,
        variables: Mapping[str, Any],
        *,
        token: str | None = None,
    ) -> Json:
        """Send a document to the plugin's own endpoint of a channel; raise ``Refused``."""
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
    """Read an amount, a money object or a taxed money object (gross)."""
    if isinstance(value, Mapping):
        return money(value["gross"] if "gross" in value else value["amount"])
    return Decimal(str(value))


def as_pairs(values: Mapping[str, str]) -> list[Json]:
    """Write metadata as the API wants it."""
    return [{"key": key, "value": value} for key, value in values.items()]


def as_mapping(pairs: list[Json]) -> dict[str, str]:
    """Read metadata as the API gives it."""
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
