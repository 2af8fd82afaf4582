"""Containers for personal data or secrets that do not show their content.

Error trackers, debuggers and logs show a mapping by its items and anything else by its ``repr``.
The ``repr`` of these types names only their size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ConfidentialBytes(bytes):
    """Bytes, such as the body of a request, that show only their length."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


class ConfidentialRow:
    """One row of the database, with columns by name.

    It is no ``Mapping``, so that no error tracker lists its items.
    """

    __slots__ = ("_values",)

    def __init__(self, columns: Iterable[tuple[str, Any]] = ()) -> None:
        self._values = dict(columns)

    def __getitem__(self, column: str) -> Any:
        return self._values[column]

    def get(self, column: str, default: Any = None) -> Any:
        """Return a column, or ``default`` where the row has none of that name."""
        return self._values.get(column, default)

    def keys(self) -> Iterable[str]:
        """Return the names of the columns; ``dict(row)`` and ``**row`` use this method."""
        return self._values.keys()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ConfidentialRow):
            return self._values == other._values
        return self._values == other

    __hash__ = None  # type: ignore[assignment]  # its values may be lists

    def __repr__(self) -> str:
        return f"<row of {len(self._values)} columns>"
