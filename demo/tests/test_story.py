"""The demo's bookkeeping: what is printed, and that a promise not kept ends with exit code 1."""

import io

import requests
from rich.console import Console

from demo import report, scenario, scenes, story
from testkit.client.driver import DriverError
from testkit.stack import Stack


def test_a_scene_that_does_not_hold_does_not_stop_the_next_and_is_said():
    def holds(_stage):
        return scenario.Outcome("Paid.", "ABCDE-12345-INS")

    def breaks(_stage):
        scenario.check(1 > 2, "XCover holds 2 bookings of this order")

    def is_refused(_stage):
        raise DriverError("checkoutComplete was refused")

    def meets_a_dead_host(_stage):
        requests.get("http://127.0.0.1:9/", timeout=5)

    def misses_a_field(_stage):
        return {}["status"]

    def reads_nonsense(_stage):
        return int("many")

    played = [
        scenes.Scene("breaks", breaks),
        scenes.Scene("is refused", is_refused),
        scenes.Scene("meets a dead host", meets_a_dead_host),
        scenes.Scene("misses a field", misses_a_field),
        scenes.Scene("reads nonsense", reads_nonsense),
        scenes.Scene("holds", holds),
    ]
    heard = []

    rows = list(story.play(None, played, heard.append))

    assert heard == played
    assert [row.held for row in rows] == [False] * 5 + [True]
    said = [row.sentence for row in rows]
    assert said[0] == "DID NOT HOLD: XCover holds 2 bookings of this order"
    assert said[1] == "DID NOT HOLD: checkoutComplete was refused"
    assert said[2].startswith("DID NOT HOLD: ConnectionError: ")
    assert said[3] == "DID NOT HOLD: KeyError: 'status'"
    assert said[4].startswith("DID NOT HOLD: ValueError: ")
    assert (said[5], rows[5].booking_id) == ("Paid.", "ABCDE-12345-INS")


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


def test_the_stack_names_each_of_its_steps_once():
    assert len(Stack.steps) == len(set(Stack.steps)) == len(Stack._STEPS)


def printed(width):
    rows = [
        report.Row("Refund [/] in time", False, "DID NOT HOLD: [bold]5[/bold] [/]", "", 1.25),
        report.Row("Buy", True, "Paid 206.66 USD. " * 6, "SIMJ5-G3C4Z-INS", 61.0),
    ]
    file = io.StringIO()
    report.show(Console(file=file, width=width), rows)
    return file.getvalue()


def test_sentences_are_printed_as_they_are_never_as_markup():
    for width in (120, 60):
        assert "Refund [/] in time" in printed(width)
        assert "DID NOT HOLD: [bold]5[/bold] [/]" in printed(width)


def test_a_wide_screen_gets_a_table_and_a_narrow_one_paragraphs():
    assert "what came of it" in printed(120)
    narrow = printed(89)
    assert "what came of it" not in narrow
    assert "✓ Buy\n" in narrow
    assert "SIMJ5-G3C4Z-INS" in narrow
    assert max(map(len, narrow.splitlines())) <= 89
