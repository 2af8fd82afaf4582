"""Which hooks the installed Saleor knows and calls, read from its own code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import saleor
from saleor.plugins.manager import PluginsManager

_NO_CALLS = {"tests", "migrations", "webhook", "manager.py", "base_plugin.py"}
"""Folders and files in which naming a hook is not calling it."""


def version() -> str:
    """Return Saleor's version, such as 3.23.28."""
    return str(getattr(saleor, "__version__", "unknown"))


def unknown(names: Collection[str]) -> list[str]:
    """Return those hooks Saleor's plugin manager does not have: they would never be called."""
    return sorted(name for name in names if not hasattr(PluginsManager, name))


def calls(names: Collection[str]) -> Mapping[str, int]:
    """Count where in Saleor's code each hook of the manager is named. Reads all of it, once."""
    named = re.compile(rf"[Mm]anager\)?\.({'|'.join(map(re.escape, names))})\b")
    counts: Counter[str] = Counter(dict.fromkeys(names, 0))
    root = Path(str(saleor.__file__)).parent
    for path in root.rglob("*.py"):
        if not _NO_CALLS.intersection(path.relative_to(root).parts):
            counts.update(named.findall(path.read_text(encoding="utf-8", errors="replace")))
    return counts
