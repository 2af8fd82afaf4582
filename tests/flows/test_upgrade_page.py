"""Every command of docs/upgrade.md is run as it is printed there, in its order."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import call_command

from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess

PAGE = Path(__file__).resolve().parents[2] / "docs" / "upgrade.md"
APP = "saleor_xcover_plugin"
SAYS_WHAT_IS_WRONG = ("xcover_status", "xcover_doctor")
"""Their exit code 1 is an answer, not a failure."""


def printed_commands() -> list[list[str]]:
    """Return the words of each management command of the page, in the order of the page."""
    found = re.findall(r"^ {4,}python manage\.py (.+)$", PAGE.read_text(), re.MULTILINE)
    return [shlex.split(line) for line in found]


def test_every_command_of_the_page_does_what_it_says(
    store: Store, simulator: SimulatorProcess, sell_insurance: Callable[[Channel], Channel]
) -> None:
    from django.apps import apps
    from django.db import connection
    from django_celery_beat.models import PeriodicTask

    # given a store that was set up, with nothing under way
    commands = printed_commands()
    table = apps.get_model(APP, "Offer")._meta.db_table
    assert len(commands) == 12
    assert commands[-1] == ["migrate", APP, "zero"]
    try:
        # when each is run
        for words in commands:
            assert table in connection.introspection.table_names()
            run(words)
        # then the last one took the tables, and nothing of ours is planned any more
        assert table not in connection.introspection.table_names()
        assert not PeriodicTask.objects.filter(name__startswith=f"{APP}.").exists()
    finally:
        call_command("migrate", APP, verbosity=0)
        for channel in store.channels:
            sell_insurance(channel)


def run(words: list[str]) -> None:
    """Run a command; an exit code other than 0 fails, unless it is an answer."""
    expected = (SystemExit,) if words[0] in SAYS_WHAT_IS_WRONG else ()
    with suppress(*expected):
        call_command(*words, stdout=io.StringIO())


@pytest.mark.parametrize("words", printed_commands(), ids=" ".join)
def test_a_command_of_the_page_exists_with_its_options(words: list[str]) -> None:
    from django.core.management import get_commands, load_command_class

    app = get_commands()[words[0]]
    command = load_command_class(app, words[0]) if isinstance(app, str) else app

    command.create_parser("manage.py", words[0]).parse_args(words[1:])
