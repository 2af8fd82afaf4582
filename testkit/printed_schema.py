"""A GraphQL schema as text with its descriptions, which graphql-core 2 leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPE = re.compile(r"(?:type|enum|scalar|input|interface|union) (\w+)")
_MEMBER = re.compile(r"  (\w+)")


def described(schema: Any) -> str:
    """Return the schema as graphql-core prints it, each description above what it describes."""
    return "\n".join(_lines(schema, str(schema).splitlines())) + "\n"


def _lines(schema: Any, printed: list[str]) -> Iterator[str]:
    kind: Any = None
    for line in printed:
        described_by = None
        if found := _TYPE.match(line):
            kind = schema.get_type(found[1])
            described_by = kind.description
        elif kind is not None and (found := _MEMBER.match(line)):
            described_by = _member(kind, found[1])
        if described_by:
            indent = line[: len(line) - len(line.lstrip())]
            text = " ".join(described_by.split())
            yield f'{indent}"""{text}"""'
        yield line


def _member(kind: Any, name: str) -> str | None:
    """Return the description of a field or of a value of an enum."""
    if hasattr(kind, "get_values"):
        return next((each.description for each in kind.get_values() if each.name == name), None)
    fields = getattr(kind, "fields", None) or {}
    return fields[name].description if name in fields else None
