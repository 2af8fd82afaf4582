"""Options of all tiers. The tier decides which Django, if any, is configured."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

from testkit import pytest_events

from .deep.counts import count

ROOT = str(Path(__file__).resolve().parents[1])
# At the end: where the plugin is installed as a wheel, that one is tested.
if ROOT not in sys.path:
    sys.path.append(ROOT)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite fixtures/xcover")


def pytest_configure(config: pytest.Config) -> None:
    pytest_events.tell(config)
    # No deadline for an example: a busy machine is not a defect.
    settings.register_profile("counted", max_examples=count("examples"), deadline=None)
    settings.load_profile("counted")


@pytest.hookimpl(trylast=True)  # after the fixtures of the session, which may open one more
def pytest_sessionfinish() -> None:
    """Close what is open: a connection that dies with its process warns."""
    from django.conf import settings

    if settings.configured:
        from django.db import connections

        connections.close_all()
