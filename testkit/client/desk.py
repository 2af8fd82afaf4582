"""The protection desk over HTTP, as its page in the dashboard uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .transports import Post

PATH = "/plugins/covergenius.xcover/desk/"
"""The address of the desk, which belongs to no channel."""


class Desk:
    """A member of staff whose dashboard gave the desk this token."""

    def __init__(self, post: Post, token: str) -> None:
        self._post = post
        self._token = token

    def ask(self, document: str, **variables: Any) -> Any:
        """Send an operation with one root field and return its result.

        Raise ``AssertionError`` if the request itself was refused.
        """
        status, answer = self.send(document, **variables)
        assert (status, answer.get("errors")) == (200, None), answer
        (found,) = answer["data"].values()
        return found

    def send(self, document: str, **variables: Any) -> tuple[int, Any]:
        """Send an operation; return HTTP status and body."""
        return self.send_as({"Authorization": f"Bearer {self._token}"}, document, **variables)

    def send_as(
        self, headers: Mapping[str, str], document: str, **variables: Any
    ) -> tuple[int, Any]:
        """Send an operation with these headers; return HTTP status and body."""
        body = json.dumps({"query": document, "variables": variables})
        status, content = self._post(f"{PATH}graphql", body, headers)
        return status, json.loads(content)
