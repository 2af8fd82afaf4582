"""In a Saleor too old for it the plugin is inactive and says why; Saleor starts."""

import json
import subprocess
import sys
from typing import Any

import pytest

from testkit.process import ROOT

SENTENCE = (
    "This is Saleor 3.21.55, and the XCover plugin needs 3.21.56 or newer. It is inactive: no "
    "offers are made, and policies, cancellations and webhooks wait. Upgrade Saleor, then run "
    "manage.py migrate and manage.py xcover_doctor."
)


@pytest.fixture(scope="module")
def old() -> dict[str, Any]:
    """What a process tells in which Saleor is 3.21.55 and our tables cannot be imported."""
    command = [sys.executable, "-m", "tests.integration.inactive.start_old"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_django_starts_and_a_check_names_both_versions_without_stopping_anything(old):
    assert old["checks"] == [["saleor_xcover_plugin.W005", 30, SENTENCE]]


def test_its_place_is_taken_before_any_app_looks_for_plugins(old):
    assert old["early"] == ["saleor_xcover_plugin.unsupported_saleor.plugin.InactivePlugin"]


def test_the_plugin_is_listed_inactive_whatever_is_stored(old):
    plugin = old["plugin"]

    assert plugin["id"] == "covergenius.xcover"
    assert plugin["active"] is False
    assert plugin["description"] == SENTENCE


def test_it_is_not_configured_there_and_secrets_stay_hidden(old):
    assert old["plugin"]["refused"] == [SENTENCE]
    assert old["plugin"]["secrets"] == "Secret"


def test_no_work_is_scheduled_and_no_task_is_known(old):
    assert [name for name in old["scheduled"] if name.startswith("saleor_xcover_plugin")] == []
    assert old["tasks"] is None


def test_the_tables_are_left_as_they_are(old):
    assert "saleor_xcover_plugin" in old["unmigrated"]


def test_the_doctor_names_both_versions(old):
    told = old["commands"]["xcover_doctor"]

    assert told["code"] == 1
    assert told["out"].splitlines()[0] == f"PROBLEM  saleor, 3.21.55: {SENTENCE}"


def test_the_doctor_tells_machines_the_same(old):
    told = old["commands"]["xcover_doctor --json --channel a"]

    assert told["code"] == 1
    assert json.loads(told["out"]) == {
        "is_fine": False,
        "findings": [
            {
                "check": "saleor",
                "subject": "3.21.55",
                "outcome": "problem",
                "sentence": SENTENCE,
            }
        ],
    }


@pytest.mark.parametrize("line", ["xcover_work --for 3", "xcover_status"])
def test_every_other_command_says_so_too(old, line):
    told = old["commands"][line]

    assert told == {"code": 1, "out": "", "errors": f"CommandError: {SENTENCE}\n"}
