"""Processes that die at any moment. On the miniature; the fixtures are those of the flows."""

from pathlib import Path

import pytest

from testkit import hosts


def pytest_configure(config: pytest.Config) -> None:
    hosts.start(config)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> hosts.Unserved | None:
    return hosts.module_or_skip(module_path, parent)
