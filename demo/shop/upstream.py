"""Clients of the host and the simulated XCover. Every failure is a ``Problem`` with a sentence."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import requests

from .documents import Document
from .settings import Settings

TIMEOUT = (3, 20)
"""Seconds to connect and to read; the host may call XCover meanwhile."""

Json = dict[str, Any]


def plugin_path(channel: str, part: str) -> str:
    """Return the path at which the host serves ``part`` of the plugin in a channel."""
    return f"/plugins/channel/{channel}/covergenius.xcover/{part}"


DESK_PATH = "/plugins/covergenius.xcover/desk/"
"""Path at which the host serves the desk of the plugin."""


_PART = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class Problem(Exception):
    """A failure to show to the person at the screen; the message is the sentence.

    ``status`` is the HTTP status of the shop's response.
    """

    def __init__(self, sentence: str, status: int = 502) -> None:
        super().__init__(sentence)
        self.status = status


class Upstream:
    """A client of one server. Requests have a time limit and follow no redirects.

    ``name`` is the server's name in sentences.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        """Return status and body of the response; raise ``Problem`` if there is none."""
        answer = self.answer(method, url, body, headers)
        return answer.status_code, answer.content

    def answer(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> requests.Response:
        """Return the whole response; raise ``Problem`` if there is none."""
        try:
            # One session per call, because endpoints run in several threads.
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(
                    method,
                    url,
                    data=body,
                    headers={"Content-Type": "application/json", **headers},
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
        except requests.Timeout:
            raise Problem(f"{self._name} did not answer in time. Please try again.") from None
        except requests.RequestException:
            raise Problem(
                f"{self._name} cannot be reached at the moment. Please try again."
            ) from None
        return answer

    def send_json(self, method: str, url: str, body: Any = None, **headers: str) -> Json:
        """Return the JSON object of the response, with amounts as Decimal.

        Raises ``Problem`` if there is no response or it is not a JSON object.
        """
        content = None if body is None else written(body)
        _, received = self.send(method, url, content, headers)
        try:
            answer = json.loads(received, parse_float=Decimal)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Problem(f"{self._name} answered something that is not understood.")
        return answer


class Host:
    """A client of the Saleor-compatible host. Methods raise ``Problem`` when it fails."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._upstream = Upstream("The ticket system")

    def execute(self, document: Document, variables: Json, *, token: str = "") -> Any:
        """Send one document and return its root field; raise ``Problem`` for top-level errors."""
        wanted = dict(variables)
        if document.takes_channel:
            wanted["channel"] = self._settings.channel
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._upstream.send_json(
            "POST",
            self._address(document),
            {"query": document.text, "variables": wanted},
            **headers,
        )
        if answer.get("errors") or not answer.get("data"):
            raise Problem(f"The ticket system refused the request: {_said(answer)}")
        (root,) = answer["data"].values()
        return root

    def mutate(self, document: Document, variables: Json, *, token: str) -> Json:
        """Send a mutation and return its root field; raise ``Problem`` if it has errors."""
        root: Json = self.execute(document, variables, token=token)
        if root["errors"]:
            raise Problem("; ".join(error["message"] for error in root["errors"]), 409)
        return root

    def pass_to_plugin(self, body: bytes, authorization: str) -> tuple[int, bytes]:
        """Forward a request to the plugin with its token, if any; return status and body.

        The papers of a policy are for the customer who is logged in.
        """
        headers = {"Authorization": authorization} if authorization else {}
        return self._upstream.send("POST", self._plugin("graphql"), body, headers)

    def module(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a JavaScript module of the plugin's custom elements.

        ``path`` is the path below the plugin's; one that leaves it is a ``Problem``.
        """
        if not all(map(_PART.fullmatch, path.split("/"))):
            raise Problem("The plugin has no such module.", 404)
        return self._upstream.send("GET", self._plugin(path))

    def desk(
        self, method: str, rest: str | None, query: str, body: bytes | None, authorization: str
    ) -> requests.Response:
        """Forward a request of the desk's page, with the token it got; return the response.

        ``rest`` is the path below the desk's, or None for its own without a slash; one that leaves
        it is a ``Problem``, because it would reach the rest of the host.
        """
        if rest and not all(map(_PART.fullmatch, rest.split("/"))):
            raise Problem("The desk has no such page.", 404)
        headers = {"Authorization": authorization} if authorization else {}
        path = DESK_PATH.removesuffix("/") if rest is None else f"{DESK_PATH}{rest}"
        address = f"{self._settings.saleor}{path}"
        return self._upstream.answer(
            method, f"{address}?{query}" if query else address, body, headers
        )

    def _address(self, document: Document) -> str:
        if document.target == "plugin":
            return self._plugin("graphql")
        return f"{self._settings.saleor}/graphql/"

    def _plugin(self, part: str) -> str:
        return self._settings.saleor + plugin_path(self._settings.channel, part)


class Simulator:
    """A client of the simulated XCover's control API."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._upstream = Upstream("The simulated XCover")

    def state(self) -> Json:
        """Return the complete state of the simulator."""
        return self._upstream.send_json("GET", self._address, Accept="application/json")

    def page(self, path: str, query: str) -> tuple[int, bytes]:
        """Return status and body of a page of the simulator, such as a policy wording."""
        site = self._address.removesuffix("/_simulator")
        return self._upstream.send("GET", f"{site}{path}{'?' if query else ''}{query}")

    def be_down(self, is_down: bool) -> None:
        """Make every call return a gateway's error page, or work again."""
        faults = f"{self._address}/faults"
        self._upstream.send_json("DELETE", faults)
        if is_down:
            self._upstream.send_json(
                "POST", faults, {"operation": "*", "kind": "html", "times": None}
            )


def written(value: Any) -> bytes:
    """Return ``value`` as JSON; amounts become strings, so that readers do not make them floats."""
    return json.dumps(value, default=_text).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} is not JSON")


def _said(answer: Json) -> str:
    errors = answer.get("errors") or []
    found = [str(error.get("message", "")) for error in errors if isinstance(error, dict)]
    return "; ".join(found) or "it gave no reason."
