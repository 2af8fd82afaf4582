"""The pages a newcomer follows name commands that work in the environment Saleor documents."""

import re
from pathlib import Path

import pytest

from saleor_xcover_plugin.domain.alarms import BEAT_COMMAND, SENTENCES, WORKER_COMMAND, AlarmCode

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "first-offer.md", ROOT / "docs" / "operations.md"]


def commands(page):
    """Return what is set as code of its own, line by line."""
    return [line.strip() for line in page.read_text().splitlines() if re.match(r" {4,}\S", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_beat_is_started_as_saleor_starts_it(page):
    started = [line for line in commands(page) if line.startswith("celery ") and " beat" in line]

    assert started == [BEAT_COMMAND]
    assert not re.search(r"worker.*(--beat| -B\b)", "\n".join(commands(page)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_is_installed_with_a_pip_saleors_environment_has_not(page):
    assert [line for line in commands(page) if line.startswith(("pip ", "python -m pip"))] == []


def test_the_page_of_first_steps_says_the_same_in_every_terminal():
    page = ROOT / "docs" / "first-offer.md"
    said = commands(page)

    assert WORKER_COMMAND in said
    assert "export HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS=True" in said
    assert any(line.startswith("export SECRET_KEY=") for line in said)
    assert "**In each of them**" in page.read_text()


def test_the_alarm_says_how_to_start_beat():
    assert BEAT_COMMAND in SENTENCES[AlarmCode.BEAT_NOT_RUNNING]
