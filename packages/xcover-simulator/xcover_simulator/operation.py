"""The words between HTTP and XCover's rules: what comes in, what goes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault
from .jsontext import Json


@dataclass(frozen=True, slots=True)
class Incoming:
    """One signed request to an operation; ``body`` is a JSON object, ``{}`` when empty."""

    path: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    error_version_2: bool = False
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers; ``announces`` names the webhook and its booking."""

    status: int
    body: Any = None
    announces: tuple[str, str] | None = None
