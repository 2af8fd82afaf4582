"""Watch from outside which hooks of the plugin the host calls, in which order, with what."""

import functools
from collections.abc import Callable
from typing import Any

from saleor_xcover_plugin.domain.hooks import HOOKS

# The storefront's address is asked by tests themselves.
WATCHED = tuple(name for name in HOOKS if name != "webhook")

HookCall = dict[str, Any]


class HookWatch:
    """Wraps the plugin's hooks while it is entered; the plugin does what it always does."""

    def __init__(self) -> None:
        self._calls: list[HookCall] = []
        self._unwatched: dict[str, Callable[..., Any]] = {}

    def __enter__(self) -> "HookWatch":
        from saleor_xcover_plugin.plugin import XCoverPlugin

        for name in WATCHED:
            hook = getattr(XCoverPlugin, name)
            self._unwatched[name] = hook
            setattr(XCoverPlugin, name, self._watched(name, hook))
        return self

    def __exit__(self, *_: object) -> None:
        from saleor_xcover_plugin.plugin import XCoverPlugin

        for name, hook in self._unwatched.items():
            setattr(XCoverPlugin, name, hook)

    def taken(self) -> list[HookCall]:
        """Return the calls since the last time, oldest first."""
        calls, self._calls = self._calls, []
        return calls

    def _watched(self, name: str, hook: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(hook)
        def watched(plugin: Any, *arguments: Any, **keywords: Any) -> Any:
            self._calls.append(_call(name, arguments, keywords))
            return hook(plugin, *arguments, **keywords)

        return watched


def _call(name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> HookCall:
    from django.db import connection

    call: HookCall = {
        "hook": name,
        "arguments": [_kind(argument) for argument in arguments],
        "keywords": sorted(set(keywords) - {"previous_value"}),
        "in_transaction": connection.in_atomic_block,
    }
    if arguments and _kind(arguments[0]) == "Order":
        order = arguments[0]
        call["sees"] = {"status": order.status, "charge_status": order.charge_status}
    return call


def _kind(value: Any) -> str:
    if isinstance(value, list):
        inside = sorted({_kind(item) for item in value})
        return f"list[{', '.join(inside)}]"
    return type(value).__name__
