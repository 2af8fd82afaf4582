"""Saleor's version numbers."""

from typing import Any


def version_of(project: dict[str, Any]) -> str:
    """Return the version in Saleor's parsed ``pyproject.toml``; 3.21 is a Poetry project."""
    return str((project.get("project") or project["tool"]["poetry"])["version"])


def is_older(version: str, than: str) -> bool:
    """Return True if ``version`` is older than the minor version ``than``, which may be empty."""
    return bool(than) and _numbers(minor_of(version)) < _numbers(than)


def _numbers(minor: str) -> list[int]:
    return [int(number) for number in minor.split(".")]


def minor_of(version: str) -> str:
    """Return the minor version, such as ``3.23`` for ``3.23.28``. Traces are stored under it."""
    return ".".join(version.split(".")[:2])
