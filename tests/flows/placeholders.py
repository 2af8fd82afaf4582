"""Replace what differs from run to run, so that two runs of one scenario read the same."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_PATTERNS = (
    ("channel", re.compile(r"\btickets-[0-9a-f]{10}\b")),
    ("variant", re.compile(r"\bSKU-[0-9a-f]{10}\b")),
    ("booking", re.compile(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}-INS\b")),
    ("uuid", re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")),
    ("time", re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")),
)


class Placeholders:
    """Give every changing value a name such as ``<booking-1>``, the same one each time."""

    def __init__(self, known: Iterable[tuple[str, str]] = ()) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for value, name in known:
            self._names[value] = f"<{name}>"

    def applied(self, value: Any) -> Any:
        """Return ``value`` with names for what changes and amounts in two digits."""
        if isinstance(value, dict):
            return {key: self.applied(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.applied(item) for item in value]
        if isinstance(value, Decimal):
            return f"{value:.2f}"
        if isinstance(value, str):
            return self._named(value)
        return value

    def _named(self, text: str) -> str:
        if text in self._names:
            return self._names[text]
        for kind, pattern in _PATTERNS:
            text = pattern.sub(lambda found, kind=kind: self._name(kind, found[0]), text)  # type: ignore[misc]
        return text

    def _name(self, kind: str, value: str) -> str:
        if value not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[value] = f"<{kind}-{self._counts[kind]}>"
        return self._names[value]
