"""Which hooks the installed Saleor knows and calls, read from its own code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import requests
import saleor
from django_celery_beat.models import PeriodicTask
from saleor.core.db.connection import allow_writer
from saleor.core.http_client import HTTPClient
from saleor.plugins.manager import PluginsManager

_NO_CALLS = {"tests", "migrations", "webhook", "manager.py", "base_plugin.py"}
"""Folders and files in which naming a hook is not calling it."""


def saleor_version() -> str:
    """Return Saleor's version, such as 3.23.28."""
    return str(getattr(saleor, "__version__", "unknown"))


def unknown_hooks(names: Collection[str]) -> list[str]:
    """Return those hooks Saleor's plugin manager does not have: they would never be called."""
    return sorted(name for name in names if not hasattr(PluginsManager, name))


def calls_hook(names: Collection[str]) -> Mapping[str, int]:
    """Count where in Saleor's code each hook of the manager is named. Reads all of it, once."""
    named = re.compile(rf"[Mm]anager\)?\.({'|'.join(map(re.escape, names))})\b")
    counts: Counter[str] = Counter(dict.fromkeys(names, 0))
    root = Path(str(saleor.__file__)).parent
    for path in root.rglob("*.py"):
        if not _NO_CALLS.intersection(path.relative_to(root).parts):
            counts.update(named.findall(path.read_text(encoding="utf-8", errors="replace")))
    return counts


# Which database connection our tasks and views may use.

__all__ = ["allow_writer"]


# When Celery beat asked for our work last, where its schedule is kept in the database.


def last_beat_run(entry: str) -> datetime | None:
    """Return when beat sent the entry's task last; None when no row tells."""
    return PeriodicTask.objects.filter(name=entry).values_list("last_run_at", flat=True).first()


# Outgoing HTTP through Saleor's hardened client: no private addresses, no redirects.


@lru_cache(maxsize=1)
def http_session() -> requests.Session:
    """Return this process's pooled session.

    ``HTTPClient.send_request`` opens a connection per call; ``get_session`` pools.
    """
    pooled = HTTPClient.clone().get_session()
    # All channels share it: a cookie of one partner must never travel with another.
    pooled.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return pooled
