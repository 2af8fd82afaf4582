"""Options of all tiers. The tier decides which Django, if any, is configured."""

import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[1])
# At the end: where the plugin is installed as a wheel, that one is tested.
if ROOT not in sys.path:
    sys.path.append(ROOT)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite fixtures/xcover")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # xdist's workers tell their controller
        config.pluginmanager.register(Outcry(config))


class Outcry:
    """Says at once why a test failed: a log that was cut short does not have the summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if report.failed and reporter:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = crash.message if crash else report.longreprtext
            reporter.write_line(f"\n{report.nodeid} ({report.when}): {reason[-1000:]}")


@pytest.hookimpl(trylast=True)  # after the fixtures of the session, which may open one more
def pytest_sessionfinish() -> None:
    """Close what is open: a connection that dies with its process warns."""
    from django.conf import settings

    if settings.configured:
        from django.db import connections

        connections.close_all()
