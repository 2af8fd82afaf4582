"""Compare the shape of a payload with a sample: which fields there are, and of which type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """A place at which two payloads have another shape."""

    path: str
    sample: str
    """Type in the sample; empty if it has nothing there."""
    ours: str
    """Type in our payload; empty if it has nothing there."""

    @property
    def sentence(self) -> str:
        """Plain words for staff."""
        if not self.ours:
            return f"the sample has a {self.sample}, we send nothing"
        if not self.sample:
            return f"we send a {self.ours}, the sample has nothing"
        return f"the sample has a {self.sample}, we send a {self.ours}"


def differences(
    sample: Any, ours: Any, *, optional: Collection[str] = (), start: str = ""
) -> list[Difference]:
    """Return where the shapes differ, sorted by place. Values are not compared.

    All items of a list count together: a field that any of them has is one of the list's fields.
    ``optional`` are the places that our payload may lack, and ``start`` is where both begin. An
    object or list without anything in it may be left out.
    """
    there, here = _types(sample, start), _types(ours, start)
    found: list[Difference] = []
    for path in sorted(there.keys() | here.keys()):
        wanted, got = there.get(path, frozenset()), here.get(path, frozenset())
        if _fits(wanted, got) or _is_below(path, [each.path for each in found]):
            continue
        if not wanted and _is_below(path, optional, itself=True):
            continue
        found.append(Difference(path, " or ".join(sorted(wanted)), " or ".join(sorted(got))))
    return found


def _fits(wanted: frozenset[str], got: frozenset[str]) -> bool:
    if not wanted or not got:
        return False
    return got - {"null"} <= wanted or not wanted - {"null"}  # null in the sample may be anything


def _is_below(path: str, places: Iterable[str], *, itself: bool = False) -> bool:
    """Return True if a place is inside one of these, or one of these if ``itself``."""
    return any(
        path.startswith((f"{place}.", f"{place}[")) or (itself and path == place)
        for place in places
    )


def _types(value: Any, start: str) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for path, kind in _walk(value, start):
        found[path] = found.get(path, frozenset()) | {kind}
    return found


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value == {} or value == []:
        return
    yield path, _kind(value)
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _walk(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, f"{path}[]")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    for types, name in (
        (bool, "flag"),
        ((int, float, Decimal), "number"),
        (str, "text"),
        (list, "list"),
    ):
        if isinstance(value, types):
            return name
    return "object"
