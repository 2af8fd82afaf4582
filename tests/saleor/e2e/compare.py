"""Compare what two plays of one test were answered, step by step.

Ids, times and random texts differ from play to play. They are the same when they are of one kind
and each stands for the same other one throughout the test. What a query costs is not compared:
the rule asks for more.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

Json = Any
Step = dict[str, Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_GLOBAL_ID = re.compile(r"[A-Za-z]\w*:.+")
# With a digit in it: FULFILLED is a state and no random text. But the last four characters of a
# gift card's code, which are hexadecimal, have none in one card of fifty.
_RANDOM = re.compile(
    r"(?=.*\d)(?:[0-9A-Z]{4,}(?:-[0-9A-Z]{4,})*|[0-9a-f]{8,}|[0-9A-Za-z]{20,}|\d+)|[A-F]{4}"
)


def first_difference(one: Sequence[Step], other: Sequence[Step]) -> str | None:
    """Say where the answers of two plays part, or None when they are the same."""
    return next(_Comparison().differences(one, other), None)


class _Comparison:
    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def differences(self, one: Sequence[Step], other: Sequence[Step]) -> Iterator[str]:
        for number, (left, right) in enumerate(zip_longest(one, other), start=1):
            if left is None or right is None:
                more = "more" if left is None else "fewer"
                yield f"step {number}: {more} steps than the baseline's {len(one)}"
                return
            where = f"step {number}, {left['operation']}"
            if left["operation"] != right["operation"]:
                yield f"{where}: {right['operation']} here"
                return
            for part in ("errors", "data"):
                for found in self._walk(left["answer"].get(part), right["answer"].get(part), ""):
                    yield f"{where}, {part}{found}"

    def _walk(self, one: Json, other: Json, path: str) -> Iterator[str]:
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                yield f"{path}: keys {sorted(one.keys() ^ other.keys())}"
                return
            for key in one:
                yield from self._walk(one[key], other[key], f"{path}.{key}")
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                yield f"{path}: {len(other)} items, {len(one)} in the baseline"
                return
            if all(isinstance(item, str) for item in [*one, *other]):
                # Sets of words, such as the actions of a transaction, come in any order.
                one, other = sorted(one), sorted(other)
            if path.endswith(".giftCards"):
                other = self._in_order_of(one, other)
            for at, (left, right) in enumerate(zip(one, other, strict=True)):
                yield from self._walk(left, right, f"{path}[{at}]")
        elif not self._is_same(one, other):
            yield f"{path}: {other!r}, {one!r} in the baseline"

    def _in_order_of(self, one: list[Json], other: list[Json]) -> list[Json]:
        """Put gift cards that were seen before in the baseline's order.

        Saleor sorts those of an order by their codes, which are random.
        """
        places = {self._there.get(card.get("id", "")): at for at, card in enumerate(one)}
        return sorted(other, key=lambda card: places.get(card.get("id", ""), len(places)))

    def _is_same(self, one: Json, other: Json) -> bool:
        if not (isinstance(one, str) and isinstance(other, str)):
            return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
        # A text may name an id: "Promotion: UHJv...", "(ending: 785E)."
        words, others = _words_of(one), _words_of(other)
        return len(words) == len(others) and all(map(self._is_same_word, words, others))

    def _is_same_word(self, one: str, other: str) -> bool:
        kind = _kind_of(one)
        if kind == "time" == _kind_of(other):
            return True
        if one == other and not kind:
            return True
        if kind != _kind_of(other) or not kind:
            return False
        return self._there.setdefault(one, other) == other and (
            self._back.setdefault(other, one) == one
        )


def _words_of(text: str) -> list[str]:
    """Split a text at white space, and what stands around each word from the word."""
    found = []
    for word in re.split(r"(\s)", text):
        inner = word.strip(_AROUND)
        before, _, after = word.partition(inner) if inner else (word, "", "")
        found += [before, inner, after]
    return found


_AROUND = "\"'`.,:;!?()[]{}"


def _kind_of(text: str) -> str:
    """Name what varies in a text from play to play, or nothing when it has to be the same."""
    if _TIME.match(text):
        return "time"
    inner = _global_id(text)
    if inner:
        return inner.partition(":")[0]
    if _UUID.search(text):
        return _UUID.sub("*", text)
    if _RANDOM.fullmatch(text):
        return "random"
    return ""


def _global_id(text: str) -> str:
    try:
        inner = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
    return inner if _GLOBAL_ID.fullmatch(inner) else ""
