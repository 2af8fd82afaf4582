"""Talking to the host and to the simulated XCover. Whatever goes wrong becomes a plain sentence."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import requests

from .documents import Document
from .settings import Settings

TIMEOUT = (3, 20)  # seconds to connect and to answer; the host may ask XCover meanwhile

Json = dict[str, Any]


def plugin_path(channel: str, part: str) -> str:
    """Return where the host serves a part of the plugin."""
    return f"/plugins/channel/{channel}/covergenius.xcover/{part}"


class Problem(Exception):
    """Something the person at the screen must be told; the text is the sentence."""

    def __init__(self, sentence: str, status: int = 502) -> None:
        super().__init__(sentence)
        self.status = status


class Upstream:
    """One kind of address; every request has a time limit and follows no redirect."""

    def __init__(self, name: str) -> None:
        self._name = name

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; raise ``Problem`` when there is none."""
        try:
            # A session per call: endpoints run in several threads at once.
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
        return answer.status_code, answer.content

    def send_json(self, method: str, url: str, body: Any = None, **headers: str) -> Json:
        """Return the JSON object that was answered. Amounts are Decimal, never float."""
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
    """The Saleor-compatible host."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._upstream = Upstream("The ticket system")

    def execute(self, document: Document, variables: Json, *, token: str = "") -> Any:
        """Send one document and return its root field."""
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
        """Send a mutation and return its root field; raise ``Problem`` when it has errors."""
        root: Json = self.execute(document, variables, token=token)
        if root["errors"]:
            raise Problem("; ".join(error["message"] for error in root["errors"]), 409)
        return root

    def pass_to_plugin(self, body: bytes) -> tuple[int, bytes]:
        """Hand a request over to the plugin's own endpoint as it is."""
        return self._upstream.send("POST", self._plugin("graphql"), body)

    def element(self) -> tuple[int, bytes]:
        """Return the module of the plugin's custom element."""
        return self._upstream.send("GET", self._plugin("element.js"))

    def _address(self, document: Document) -> str:
        if document.target == "plugin":
            return self._plugin("graphql")
        return f"{self._settings.saleor}/graphql/"

    def _plugin(self, part: str) -> str:
        return self._settings.saleor + plugin_path(self._settings.channel, part)


class Simulator:
    """The control address of the simulated XCover."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._upstream = Upstream("The simulated XCover")

    def state(self) -> Json:
        """Return everything it remembers."""
        return self._upstream.send_json("GET", self._address, Accept="application/json")

    def page(self, path: str, query: str) -> tuple[int, bytes]:
        """Return a page for people of the simulator, such as a policy wording."""
        site = self._address.removesuffix("/_simulator")
        return self._upstream.send("GET", f"{site}{path}{'?' if query else ''}{query}")

    def be_down(self, is_down: bool) -> None:
        """Answer every call with a gateway's error page from now on, or work again."""
        faults = f"{self._address}/faults"
        self._upstream.send_json("DELETE", faults)
        if is_down:
            self._upstream.send_json(
                "POST", faults, {"operation": "*", "kind": "html", "times": None}
            )


def written(value: Any) -> bytes:
    """Write JSON; amounts become texts, so that no reader makes floats of them."""
    return json.dumps(value, default=_text).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} is not JSON")


def _said(answer: Json) -> str:
    errors = answer.get("errors") or []
    found = [str(error.get("message", "")) for error in errors if isinstance(error, dict)]
    return "; ".join(found) or "it gave no reason."
