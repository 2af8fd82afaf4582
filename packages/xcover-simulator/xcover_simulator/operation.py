"""The request and response types between the HTTP layer and the operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault
from .jsontext import Json


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified request to an operation."""

    path: Mapping[str, str]
    """Path parameters, such as ``offer_id``."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    """The JSON object of the body; ``{}`` when the body is empty or null."""
    error_version_2: bool = False
    """True if the client sent ``X-API-Error-Version: v2``."""
    fault: Fault | None = None
    """The fault that strikes this call, if any."""


@dataclass(frozen=True, slots=True)
class OperationResponse:
    """The response of an operation."""

    status: int
    body: Any = None
    """JSON value of the body; None sends no content."""
    announces: tuple[str, str] | None = None
    """Name of the webhook notification to send and the id of its booking."""
