"""Stand in for the plugin in a Saleor too old for it: listed, switched off, and saying why.

Nothing here, and nothing it imports, touches our tables: they may not load.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.conf import settings
from django.core.checks import Warning as CheckWarning
from django.core.checks import register

from ..supported import why_inactive

APP = "saleor_xcover_plugin"
_PLUGIN = f"{APP}.plugin.XCoverPlugin"
_COMMANDS = f"{APP}.management.commands"
_DOCTOR = "xcover_doctor"


def start() -> None:
    """Take the places of what cannot be imported here. Saleor itself goes on."""
    register(check_saleor)
    _take_the_place_of_the_plugin()
    _leave_the_tables()
    _answer_every_command()
    # Celery looks for them in every app. What is None is not there, says Python's import system.
    sys.modules[f"{APP}.tasks"] = None  # type: ignore[assignment]


def check_saleor(**_: Any) -> list[CheckWarning]:
    """Say which Saleor is needed. No error: that would stop Saleor's own ``manage.py migrate``."""
    return [
        CheckWarning(
            why_inactive() or "",
            hint="README.md, Supported Saleor versions, names the lowest patches.",
            id=f"{APP}.W005",
        )
    ]


def _take_the_place_of_the_plugin() -> None:
    plugins: list[str] = settings.PLUGINS  # type: ignore[misc]  # a setting of Saleor's own
    plugins[:] = [f"{__name__}.plugin.InactivePlugin" if p == _PLUGIN else p for p in plugins]


def _leave_the_tables() -> None:
    """Keep the tables as they are, if there are any: migrations are not even read."""
    settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, APP: None}


def _answer_every_command() -> None:
    commands = import_module(_COMMANDS)
    for command in iter_modules(commands.__path__):
        answer = "doctor" if command.name == _DOCTOR else "command"
        sys.modules[f"{_COMMANDS}.{command.name}"] = import_module(f"{__name__}.{answer}")
