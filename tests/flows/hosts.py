"""Which host serves the flows here: a real Saleor, or none (the miniature will be the second)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ..saleor import bootstrap
from .store import Store

NO_HOST = (
    "needs a host: run make test-saleor SALEOR_ROOT=<a Saleor checkout with its own .venv> "
    "to play these tests in a real Saleor"
)

_FIXTURES = f"{__package__}.fixtures"


@dataclass(frozen=True, slots=True)
class Host:
    """One host: ``configure`` it before collecting, ``open_store`` once per session."""

    configure: Callable[[], None]
    describe: Callable[[], str]
    open_store: Callable[[], Store]


def find() -> Host | None:
    """Return the host of this environment, or None."""
    from django.conf import settings

    has_other_settings = settings.configured and settings.SETTINGS_MODULE != "saleor.settings"
    if bootstrap.is_available() and not has_other_settings:
        return Host(bootstrap.configure, bootstrap.described, _open_saleor)
    return None


def _open_saleor() -> Store:
    from ..saleor import database

    database.prepare()
    from ..saleor.store import SaleorStore

    return SaleorStore()


def start(config: pytest.Config) -> None:
    """Start the host before tests are collected, and offer the fixtures of the flows."""
    if HOST is None or config.pluginmanager.has_plugin(_FIXTURES):
        return
    HOST.configure()
    config.pluginmanager.import_plugin(_FIXTURES)


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
