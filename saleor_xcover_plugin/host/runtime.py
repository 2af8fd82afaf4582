"""Access to the running Saleor: version, hooks, database writer, beat schedule, HTTP session."""

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
"""Folders and files in which the name of a hook is not a call of it."""


def saleor_version() -> str:
    """Return Saleor's version, such as 3.23.28."""
    return str(getattr(saleor, "__version__", "unknown"))


def unknown_hooks(names: Collection[str]) -> list[str]:
    """Return the hooks that Saleor's plugin manager does not have and would never call, sorted."""
    return sorted(name for name in names if not hasattr(PluginsManager, name))


def calls_hook(names: Collection[str]) -> Mapping[str, int]:
    """Count the calls of each hook in Saleor's source code, all of which is read."""
    named = re.compile(rf"[Mm]anager\)?\.({'|'.join(map(re.escape, names))})\b")
    counts: Counter[str] = Counter(dict.fromkeys(names, 0))
    root = Path(str(saleor.__file__)).parent
    for path in root.rglob("*.py"):
        if not _NO_CALLS.intersection(path.relative_to(root).parts):
            counts.update(named.findall(path.read_text(encoding="utf-8", errors="replace")))
    return counts


# ``allow_writer`` lets our tasks and views use the writer database.
__all__ = ["allow_writer"]


def last_beat_run(entry: str) -> datetime | None:
    """Return when beat last sent the entry's task (UTC).

    Return None when it never did, or when the schedule is not kept in the database.
    """
    return PeriodicTask.objects.filter(name=entry).values_list("last_run_at", flat=True).first()


@lru_cache(maxsize=1)
def http_session() -> requests.Session:
    """Return this process's session for outgoing HTTP, which keeps connections open.

    It is made by Saleor's hardened client: requests to private addresses are refused and redirects
    are not followed. Cookies are never stored.
    """
    pooled = HTTPClient.clone().get_session()
    # All channels share the session: a cookie of one partner must not be sent for another.
    pooled.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return pooled
