"""Which host serves the flows here: a real Saleor where one is importable, else the miniature."""

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
# Side by side (pytest -n), each worker plays in a database of its own.
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
    """One host: ``configure`` it before collecting, ``open_store`` once per session."""

    configure: Callable[[], None]
    describe: Callable[[], str]
    open_store: Callable[[], Store]


def add_options(parser: pytest.Parser) -> None:
    """Add ``--record``; the folders of flows and of a real Saleor are often collected together."""
    with suppress(ValueError):
        parser.addoption("--record", action="store_true", help="write down what the host does")


def find() -> Host | None:
    """Return the host of this environment, or None."""
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
    # The plugin's guard re-raises, so that no defect hides behind it.
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
    """Start the host before tests are collected, and offer the fixtures of the flows."""
    pytest_events.tell(config)
    if HOST is None or config.pluginmanager.has_plugin(_FIXTURES):
        return
    HOST.configure()
    config.pluginmanager.import_plugin(_FIXTURES)


def python() -> str:
    """Return an interpreter for the simulator: Saleor's environment lacks its web server."""
    return str(ROOT / ".venv" / "bin" / "python") if bootstrap.is_available() else sys.executable


def report_header() -> str:
    """Say where the flows are played: one must not read a skipped suite as a green one."""
    return f"flows: {HOST.describe() if HOST else NO_HOST}"


class Unserved(pytest.File):
    """A test module that cannot be imported here; it is skipped with a sentence."""

    def collect(self) -> Any:
        pytest.skip(NO_HOST, allow_module_level=True)


def module_or_skip(module_path: Path, parent: pytest.Collector) -> Unserved | None:
    """Answer ``pytest_pycollect_makemodule``: None means pytest's own module."""
    return None if HOST else Unserved.from_parent(parent, path=module_path)


HOST = find()
