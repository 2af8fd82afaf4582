"""The host of the flow tests: a real Saleor where one is importable, else the miniature."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testkit import miniature
from testkit.client.store import Store
from testkit.postgres import fresh_database
from testkit.process import ROOT

from . import pytest_events
from .saleor import bootstrap

NO_HOST = (
    "needs a host of its own: run pytest -c tests/flows/pytest.ini (the miniature), or make "
    "test-saleor SALEOR_ROOT=<a Saleor checkout with its own .venv> (a real Saleor)"
)
# Each worker of pytest-xdist uses a database of its own.
DATABASE = "_".join(
    filter(
        None,
        (
            os.environ.get("XCOVER_FLOWS_DATABASE", "xcover_flows_miniature"),
            os.environ.get("PYTEST_XDIST_WORKER"),
        ),
    )
)

_FIXTURES = f"{__package__}.fixtures"


@dataclass(frozen=True, slots=True)
class Host:
    """A host that can serve the flow tests."""

    configure: Callable[[], None]
    """Starts Django; call it before tests are collected."""
    describe: Callable[[], str]
    """Returns the name of the host for the report header."""
    open_store: Callable[[], Store]
    """Creates the tables and the store; call it once per session."""


def add_options(parser: pytest.Parser) -> None:
    """Add the option ``--record``, unless another conftest of the session has added it."""
    with suppress(ValueError):
        parser.addoption("--record", action="store_true", help="write down what the host does")


def find() -> Host | None:
    """Return the host of this environment, or None if Django runs with other settings."""
    from django.conf import settings

    if settings.configured and settings.SETTINGS_MODULE not in (
        "saleor.settings",
        miniature.SETTINGS,
    ):
        return None
    if bootstrap.is_available():
        return Host(bootstrap.configure, bootstrap.described, _open_saleor)
    return Host(_configure_miniature, miniature.describe, _open_miniature)


def _open_saleor() -> Store:
    from .saleor import database

    database.prepare()
    from .saleor.store import SaleorStore

    return SaleorStore()


def _configure_miniature() -> None:
    # The plugin's guard re-raises exceptions, so that it hides no defect.
    os.environ.setdefault("XCOVER_RAISE_IN_HOOKS", "1")
    for name in (*bootstrap.OF_A_STORE, "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    miniature.configure(fresh_database(DATABASE))


def _open_miniature() -> Store:
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    from .miniature_store import MiniatureStore

    return MiniatureStore()


def start(config: pytest.Config) -> None:
    """Start the host and register the fixtures of the flow tests; call from pytest_configure."""
    pytest_events.tell(config)
    if HOST is None or config.pluginmanager.has_plugin(_FIXTURES):
        return
    HOST.configure()
    config.pluginmanager.import_plugin(_FIXTURES)


def python() -> str:
    """Return the interpreter for the simulator, whose dependencies Saleor's environment lacks."""
    return str(ROOT / ".venv" / "bin" / "python") if bootstrap.is_available() else sys.executable


def report_header() -> str:
    """Return the report header with the host's name, so that a skipped suite is noticed."""
    return f"flows: {HOST.describe() if HOST else NO_HOST}"


class Unserved(pytest.File):
    """A test module without a host to run on; it is skipped with a reason."""

    def collect(self) -> Any:
        pytest.skip(NO_HOST, allow_module_level=True)


def module_or_skip(module_path: Path, parent: pytest.Collector) -> Unserved | None:
    """Return the result of ``pytest_pycollect_makemodule``; None lets pytest collect the module."""
    return None if HOST else Unserved.from_parent(parent, path=module_path)


HOST = find()
"""The host of this process; None if there is none."""
