"""Which patches of Saleor the plugin runs in, asked before anything else of it is imported.

Below them the rest of it may not even be importable: Saleor 3.21 came with Django 4.2 up to
3.21.55, and our tables need 5.1 (``CheckConstraint(condition=...)``).
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec

LOWEST = ("3.21.56", "3.22.0", "3.23.0")
"""The lowest patch of each minor version, oldest first. What is newer than all of them is tried."""

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(.*)")


def saleor_version() -> str | None:
    """Return the version of the Saleor found here, such as ``3.23.28``; None without one.

    By its name: this is asked before ``host/`` may be imported, and takes nothing else of Saleor.
    """
    if find_spec("saleor") is None:
        return None
    return str(getattr(import_module("saleor"), "__version__", "unknown"))


def version_needed(version: str) -> str | None:
    """Return the lowest patch that takes the place of a Saleor too old; None where it is not.

    A version nobody can read is not too old: it is somebody's own build.
    """
    found = _ordered(version)
    if found is None:
        return None
    for lowest in LOWEST:
        needed = _ordered(lowest)
        if needed is not None and found[:2] <= needed[:2]:
            return lowest if found < needed else None
    return None


def why_inactive() -> str | None:
    """Return the sentence that says why the plugin is inactive here; None where it is not."""
    version = saleor_version()
    needed = version_needed(version) if version is not None else None
    if needed is None:
        return None
    return (
        f"This is Saleor {version}, and the XCover plugin needs {needed} or newer. It is inactive: "
        "no offers are made, and policies, cancellations and webhooks wait. Upgrade Saleor, then "
        "run manage.py migrate and manage.py xcover_doctor."
    )


def _ordered(version: str) -> tuple[int, int, int, bool] | None:
    """Return what versions are ordered by: ``3.24.0-a.0`` comes before ``3.24.0``."""
    read = _VERSION.fullmatch(version)
    if read is None:
        return None
    major, minor, patch, rest = read.groups()
    return int(major), int(minor), int(patch), not rest
