"""The demo's bookkeeping: what is printed, and that a promise not kept ends with exit code 1."""

import json
import subprocess
import sys

import pytest

from demo import scenes, stage, story
from demo.client.driver import DriverError
from demo.process import ROOT, ReadyProcess


def test_a_scene_that_does_not_hold_does_not_stop_the_next_and_is_said():
    def holds(_stage):
        return scenes.Outcome("Paid.", "ABCDE-12345-INS")

    def breaks(_stage):
        stage.check(1 > 2, "XCover holds 2 bookings of this order")

    def is_refused(_stage):
        raise DriverError("checkoutComplete was refused")

    played = [
        scenes.Scene("breaks", breaks),
        scenes.Scene("is refused", is_refused),
        scenes.Scene("holds", holds),
    ]
    heard = []

    rows = list(story.play(None, played, heard.append))

    assert heard == played
    assert [(row.held, row.sentence, row.booking_id) for row in rows] == [
        (False, "DID NOT HOLD: XCover holds 2 bookings of this order", ""),
        (False, "DID NOT HOLD: checkoutComplete was refused", ""),
        (True, "Paid.", "ABCDE-12345-INS"),
    ]


def test_the_story_has_every_scene_a_store_owner_asks_for():
    assert [scene.title for scene in scenes.STORY] == [
        "Buy with protection",
        "Buy without protection",
        "Refund in time",
        "Refund too late",
        "Tamper with the cover line",
        "XCover down and back",
        "Worker killed and restarted",
    ]


def test_the_first_scenes_hold_on_the_whole_stack():
    """Everything make demo starts is started, a real Celery worker included."""
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


def test_a_process_that_dies_at_once_is_told_with_its_last_words():
    process = ReadyProcess("the worker", "ready")
    command = [sys.executable, "-c", "import sys; sys.exit('no such database')"]

    with pytest.raises(RuntimeError) as told:
        process.start(command, timeout=20)

    assert "the worker did not start" in str(told.value)
    assert "no such database" in str(told.value)
    assert not process.is_running
