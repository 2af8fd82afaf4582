"""Templates for the styles of payload that Cover Genius's public pages show."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

NAMES = ("nested", "flat", "mixed", "persons")
"""The shipped templates; the first is the default."""


@cache
def text_of(name: str) -> str:
    """Return the text of a shipped template."""
    return (files(__package__) / f"{name}.yaml").read_text(encoding="utf-8")
