"""Units are played side by side; whatever ends them is told, and ends nothing else."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ...sittings.pool import Pool
from ...sittings.progress import Progress
from ...sittings.results import Result
from ...sittings.workers import Unit, WarmWorker

WriteUnit = Callable[[str, str], Unit]
Play = Callable[..., dict[str, Result]]


def test_two_files_play_side_by_side_and_are_counted(unit: WriteUnit, play: Play) -> None:
    # given two files of which each waits for the other
    wait = (
        "import pathlib, time\n"
        "def test_meets_the_other():\n"
        "    pathlib.Path('{mine}').touch()\n"
        "    end = time.monotonic() + 20\n"
        "    while not pathlib.Path('{other}').exists():\n"
        "        assert time.monotonic() < end\n"
        "        time.sleep(0.02)\n"
    )
    first = unit("test_a.py", wait.format(mine="a", other="b"))
    second = unit("test_b.py", wait.format(mine="b", other="a"))
    # when
    results = play(first, second)
    # then
    assert [(one.unit, one.outcome, one.passed) for _, one in sorted(results.items())] == [
        ("test_a.py", "green", 1),
        ("test_b.py", "green", 1),
    ]


def test_a_failure_is_said_with_its_reason_and_in_the_table(
    unit: WriteUnit, play: Play, out: io.StringIO
) -> None:
    # given
    text = (
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'one is not two'\n"
        "def test_later(): pytest.skip('no Redis here')\n"
    )
    # when
    (result,) = play(unit("test_a.py", text)).values()
    # then
    assert (result.outcome, result.passed, result.failed, result.skipped) == ("failed", 1, 1, 1)
    assert result.skips == {"Skipped: no Redis here": 1}
    said = out.getvalue()
    assert said.index("FAILED test_a.py::test_bad") < said.index("[1/1] test_a.py FAILED")
    assert "one is not two" in said
    assert "1 passed, 1 failed, 1 skipped in 1 of 1" in said


@pytest.mark.parametrize(
    ("death", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it died in test_a.py::test"),
        ("import os; os._exit(0)", "it died in test_a.py::test"),
        ("import os; os._exit(3)", "it died in test_a.py::test"),
    ],
)
def test_a_process_that_dies_is_a_failure_and_not_a_hang(
    unit: WriteUnit, play: Play, out: io.StringIO, death: str, told: str
) -> None:
    # given a file whose process ends in a test, whatever code it ends with, and a good one
    text = f"def test_last():\n    print('last words', flush=True)\n    {death}\n"
    dying = Unit(**_with_output(unit("test_a.py", text)))
    # when
    results = play(dying, unit("test_b.py", "def test_good(): pass"))
    # then it failed with its output, and the other one was played
    assert results["test_a.py"].outcome == "died"
    assert results["test_b.py"].outcome == "green"
    assert told in out.getvalue()
    assert "last words" in out.getvalue()


def _with_output(unit: Unit) -> dict[str, object]:
    return {"name": unit.name, "command": [*unit.command, "-s"], "folder": unit.folder}


@pytest.mark.parametrize("text", ["import nothing_of_this_name", "x = 1"])
def test_a_file_without_a_test_that_was_played_is_not_green(
    unit: WriteUnit, play: Play, text: str
) -> None:
    (result,) = play(unit("test_a.py", text)).values()

    assert not result.is_green
    assert result.passed == 0


def test_whoever_stops_ends_what_still_runs(
    unit: WriteUnit, tmp_path: Path, out: io.StringIO
) -> None:
    # given a file that is done and one that would run for minutes
    slow = (
        "import os, pathlib, time\n"
        "def test_slow():\n"
        "    pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "    time.sleep(300)\n"
    )
    units = [unit("test_slow.py", slow), unit("test_a.py", _AFTER_PID)]
    pool = Pool(2, tmp_path / "logs", Progress([one.name for one in units], {}, 2, out))
    # when somebody presses Ctrl-C after the first result
    playing = pool.play(units, "c0ffee")
    assert next(playing).unit == "test_a.py"
    with pytest.raises(KeyboardInterrupt):
        playing.throw(KeyboardInterrupt)
    # then
    assert not _is_alive(int((tmp_path / "pid").read_text()))


_AFTER_PID = (
    "import pathlib, time\n"
    "def test_waits_for_the_other():\n"
    "    while not (pathlib.Path('pid').exists() and pathlib.Path('pid').read_text()):\n"
    "        time.sleep(0.02)\n"
)


def test_nothing_outlives_a_runner_that_is_killed(tmp_path: Path) -> None:
    # given a runner whose unit runs for minutes
    text = (
        "import pathlib, sys, io\n"
        "from tests.sittings.pool import Pool\n"
        "from tests.sittings.progress import Progress\n"
        "from tests.sittings.workers import Unit\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        'sleep = \'import os, time; open("pid", "w").write(str(os.getpid())); time.sleep(300)\'\n'
        "unit = Unit('slow', [sys.executable, '-c', sleep], folder=folder)\n"
        "list(Pool(1, folder, Progress(['slow'], {}, 1, io.StringIO())).play([unit], ''))\n"
    )
    runner = subprocess.Popen([sys.executable, "-c", text])
    _eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    # when
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    # then
    _eventually(lambda: not _is_alive(int((tmp_path / "pid").read_text())))


def test_a_warm_worker_forks_for_each_unit_and_is_replaced_when_it_dies(
    tmp_path: Path, out: io.StringIO
) -> None:
    # given a worker that reads orders, and dies at the second one
    script = tmp_path / "warm.py"
    script.write_text(
        "import json, os, sys\n"
        "from pathlib import Path\n"
        "for line in sys.stdin:\n"
        "    order = json.loads(line)\n"
        "    if order['arguments'] == ['die']:\n"
        "        print('I cannot', flush=True)\n"
        "        os._exit(7)\n"
        "    Path(order['log']).write_text(f'{os.getpid()} {order[\"arguments\"]}')\n"
        "    half = Path(order['exit'] + '.half')\n"
        "    half.write_text('0')\n"
        "    half.rename(order['exit'])\n"
    )
    units = [Unit(name, [name], tells=False) for name in ("one", "die", "two", "three")]
    worker = WarmWorker([sys.executable, str(script)], {}, tmp_path, tmp_path / "w.log")
    pool = Pool(1, tmp_path, Progress([one.name for one in units], {}, 1, out), lambda _: worker)
    # when
    results = {result.unit: result.outcome for result in pool.play(units, "c0ffee")}
    # then
    assert results == {"one": "green", "die": "failed", "two": "green", "three": "green"}
    processes = {(tmp_path / f"{name}.log").read_text().split()[0] for name in ("two", "three")}
    assert len(processes) == 1
    assert processes != {(tmp_path / "one.log").read_text().split()[0]}
    assert "I cannot" in (tmp_path / "die.log").read_text()


def _eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
