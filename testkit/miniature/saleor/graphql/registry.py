"""Mutations by name, each a function of one request and its arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from ..plugins.manager import PluginsManager

Mutate = Callable[..., dict[str, Any]]
MUTATIONS: dict[str, Mutate] = {}


@dataclass
class Request:
    """The requestor, and the plugin manager of this request."""

    requestor: str
    manager: PluginsManager


def mutation(name: str) -> Callable[[Mutate], Mutate]:
    """Register the function of a mutation; its ValidationErrors become ``errors``."""

    def register(mutate: Mutate) -> Mutate:
        MUTATIONS[name] = mutate
        return mutate

    return register


def errors_of(error: ValidationError) -> list[dict[str, Any]]:
    """Return a ValidationError as Saleor's API writes it."""
    if hasattr(error, "error_dict"):
        return [
            _error(field, inner) for field, inners in error.error_dict.items() for inner in inners
        ]
    return [_error(None, inner) for inner in error.error_list]


def _error(field: str | None, error: ValidationError) -> dict[str, Any]:
    code = str(error.code or "invalid").upper()
    return {"field": field, "message": error.messages[0], "code": code}
