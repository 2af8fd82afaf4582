"""The embedded PostgreSQL starts wherever the project lies and whatever became of its first try."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from testkit.process import ROOT

ASK = (
    "from testkit.postgres import fresh_database; import psycopg; "
    "print(psycopg.connect(fresh_database('first')).execute('SELECT 41 + 1').fetchone()[0])"
)


@pytest.fixture
def start(open_folder):
    """Start a copy of the demo in a folder of that name."""

    def start_(folder):
        project = open_folder / folder
        if not project.exists():
            for part in ("demo", "testkit"):
                shutil.copytree(ROOT / part, project / part)
        without = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", ASK],
            cwd=project,
            env={**without, "TMPDIR": str(open_folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start_


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_first_start_that_was_interrupted_heals(start, open_folder, sign):
    data = open_folder / "project" / ".cache" / "postgres"
    with start("project") as interrupted:
        while not (data / "global").exists():
            assert interrupted.poll() is None
            time.sleep(0.005)
        # What Ctrl-C does in a terminal: everybody in the group hears it, initdb too. SIGKILL
        # reaches the parent alone, and its initdb goes on.
        send = os.killpg if sign == signal.SIGINT else os.kill
        send(interrupted.pid, sign)
    assert interrupted.returncode != 0

    with start("project") as again:
        said, failed = again.communicate(timeout=60)

    assert (again.returncode, said) == (0, "42\n"), failed


def test_half_a_database_of_an_earlier_version_heals(start, open_folder):
    # What an initdb that was killed leaves: its version, and next to nothing else.
    data = open_folder / "project" / ".cache" / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    for part in ("demo", "testkit"):
        shutil.copytree(ROOT / part, open_folder / "project" / part)

    with start("project") as again:
        said, failed = again.communicate(timeout=60)

    assert (again.returncode, said) == (0, "42\n"), failed


def test_a_path_with_spaces_keeps_its_data_where_none_is(start, open_folder):
    with start("my nice project") as started:
        said, failed = started.communicate(timeout=60)

    assert (started.returncode, said) == (0, "42\n"), failed
    (data,) = open_folder.glob("xcover-demo-*/postgres")
    assert (data / "PG_VERSION").exists()
