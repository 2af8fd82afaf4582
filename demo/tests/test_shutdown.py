"""However the demo ends, nobody it had started lives on, and the next start works."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
import requests

from demo import __main__ as demo_main
from demo import story
from testkit import shutdown
from testkit.process import ROOT

from .running import Running


@pytest.fixture
def signals_as_before():
    before = {number: signal.getsignal(number) for number in shutdown.SIGNALS}
    listener = shutdown._listener
    shutdown._listener = shutdown._Listener()
    yield
    shutdown._listener = listener
    for number, handler in before.items():
        signal.signal(number, handler)


def command_of(process: psutil.Process) -> str:
    """Return how a process was started; nothing for one that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie too
        return ""


def test_a_story_killed_outright_leaves_nobody_and_the_next_one_holds():
    with Running("story") as running:
        running.wait_for("Buy with protection")
        started = running.started()
        names = " ".join(command_of(process) for process in started)
        assert all(part in names for part in ("simulator", "testkit.web"))
        # Celery names its processes itself where setproctitle is installed.
        assert "testkit.worker" in names or "[celeryd:" in names

        running.process.kill()
        running.process.wait()

        assert running.left(seconds=5) == []

    # Everything make demo starts is started, a real Celery worker included.
    played = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "demo", "story", "--json", "--scenes", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    document = json.loads(played.stdout)
    assert [row["held"] for row in document["scenes"]] == [True, True]
    assert document["scenes"][0]["booking_id"].endswith("-INS")
    assert document["scenes"][1]["booking_id"] == ""
    # Not a terminal: a plain line per step, and which PostgreSQL it is.
    assert "[1/6] starting PostgreSQL\n" in played.stderr
    assert "[6/6] Buy without protection\n" in played.stderr
    assert "PostgreSQL: " in played.stderr


def test_an_open_store_wants_its_staff_key_and_closes_with_ctrl_c_however_often():
    with Running("store") as running:
        running.wait_for("Ctrl-C closes it")
        running.started()
        shop, key = re.findall(r"Staff: +(http\S+)/#/staff\?key=(\S+)", running.said)[0]
        orders = f"{shop}/api/staff/orders"
        assert requests.get(orders, timeout=10).status_code == 403
        assert requests.get(orders, headers={"X-Staff-Key": key}, timeout=10).json() == []

        running.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        running.process.send_signal(signal.SIGINT)

        assert running.process.wait(timeout=60) == 0
        assert running.left() == []
        assert "Traceback" not in running.said


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_story_told_to_end_while_it_starts_ends_with_a_sentence(number, code):
    with Running("story") as running:
        running.wait_for("starting its tables")
        running.process.send_signal(number)

        assert running.process.wait(timeout=60) == code
        assert running.said.splitlines()[-1] == (
            f"Ended by {number.name}; everything it had started is stopped."
        )
        assert "Traceback" not in running.said


class _NamesItself:
    """What a class of Django's is made of: its ``__set_name__`` runs while it is imported."""

    def __init__(self, act):
        self._act = act

    def __set_name__(self, owner, name):
        self._act()


class _Finalized:
    def __del__(self):
        _signal_itself()


def _signal_itself():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)


def _inside_an_import(*_arguments, **_options):
    # Python 3.11 makes a RuntimeError of whatever is raised here.
    type("Imported", (), {"part": _NamesItself(_signal_itself)})
    return 0


def _inside_a_finalizer(*_arguments, **_options):
    _Finalized()
    shutdown.end_if_told()
    return 0


@pytest.mark.parametrize("moment", [_inside_an_import, _inside_a_finalizer])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_turns_into_something_else_still_ends_it(
    moment, monkeypatch, capfd, signals_as_before
):
    monkeypatch.setattr(story, "run", moment)

    code = demo_main.main(["story"])

    assert code == 143
    assert capfd.readouterr().err.endswith(
        "Ended by SIGTERM; everything it had started is stopped.\n"
    )
