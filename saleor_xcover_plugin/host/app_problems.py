"""Show problems of the plugin's app in the dashboard, where this Saleor has a place for them.

Saleor lists them beside the app from 3.22 on (``AppProblem``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from saleor.app.models import App

from .dashboard_app import IDENTIFIER

MAX_MESSAGE = 2048
"""Longest message in characters; the length of Saleor's column."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    key: str
    """Stays the same for as long as it is wrong."""
    message: str
    """Plain words for staff."""
    count: int
    """How many times it is wrong at the same time."""
    since: datetime
    """Since when it is wrong (UTC)."""
    is_critical: bool
    """False for daily work; the dashboard warns administrators as long as one is critical."""


def show(problems: Collection[Problem]) -> None:
    """Show these problems of the app and no others; do nothing without the app or the list.

    One that staff dismissed since it began stays dismissed.
    """
    rows = _rows()
    if rows is None:
        return
    over = rows.filter(dismissed=False).exclude(key__in=[each.key for each in problems])
    over.update(dismissed=True)
    for problem in problems:
        _show(rows, problem)


def _show(rows: Any, problem: Problem) -> None:
    shown = rows.filter(key=problem.key, created_at__gte=problem.since).order_by("pk").last()
    wanted = {"message": problem.message[:MAX_MESSAGE], "count": problem.count}
    if shown is None:
        app = App.objects.get(identifier=IDENTIFIER, removed_at=None)
        rows.create(app=app, key=problem.key, is_critical=problem.is_critical, **wanted)
    elif not shown.dismissed and any(getattr(shown, name) != v for name, v in wanted.items()):
        rows.filter(pk=shown.pk).update(**wanted)


def _rows() -> Any:
    """Return the rows of the app's problems; None where there is no list, or no app."""
    if not _has_list() or not App.objects.filter(identifier=IDENTIFIER, removed_at=None).exists():
        return None
    problem = apps.get_model("app", "AppProblem")
    return problem.objects.filter(app__identifier=IDENTIFIER, app__removed_at=None)


def _has_list() -> bool:
    try:
        apps.get_model("app", "AppProblem")
    except LookupError:
        return False
    return True
