"""The version of a Saleor, and which of two is older."""

from typing import Any


def version_of(project: dict[str, Any]) -> str:
    """Read a Saleor's version in its ``pyproject.toml``; 3.21 is a Poetry project."""
    return str((project.get("project") or project["tool"]["poetry"])["version"])


def is_older(version: str, than: str) -> bool:
    """Whether a Saleor is older than a minor version; nothing is older than an empty text."""
    return bool(than) and _numbers(minor_of(version)) < _numbers(than)


def _numbers(minor: str) -> list[int]:
    return [int(number) for number in minor.split(".")]


def minor_of(version: str) -> str:
    """Return what recordings are kept by: ``3.23`` of ``3.23.28``."""
    return ".".join(version.split(".")[:2])
