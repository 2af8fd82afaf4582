"""What may go wrong on anybody's machine is told in a sentence, with exit code 2."""

import socket
import subprocess
import sys

import pytest

from testkit.environment import prepare
from testkit.errors import DemoError
from testkit.postgres import django_database, fresh_database
from testkit.process import ROOT, ReadyProcess

from .running import demo

ASK = (
    "from testkit.postgres import fresh_database; "
    "print(fresh_database('xcover_beside').split('dbname=')[1].split()[0], flush=True); input()"
)


def test_who_comes_second_gets_a_database_of_its_own():
    """An open store must hinder neither the tests nor a second store."""

    def start():
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", ASK],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with start() as first:
        assert first.stdout.readline() == "xcover_beside\n"
        with start() as second:
            assert second.stdout.readline() == "xcover_beside_2\n"
            # The first one's is still there, and the name is free again once it has ended.
            first.communicate("\n")
            with start() as third:
                assert third.stdout.readline() == "xcover_beside\n"
                third.communicate("\n")
            second.communicate("\n")


def test_more_at_once_than_makes_sense_is_told():
    held = [fresh_database("xcover_held") for _ in range(9)]

    with pytest.raises(DemoError, match="use the databases xcover_held to xcover_held_9; end one"):
        fresh_database("xcover_held")

    assert len(set(held)) == 9


def test_a_taken_port_is_told_before_anything_is_started():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = demo("store", "--port", str(port))

    assert code == 2
    assert said == f"Port {port} cannot be used: Address already in use. Choose another --port.\n"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://ada:hunter2@db.example/shop", "DATABASE_URL is not the address of a PostgreSQL"),
        (
            "postgresql://ada:hunter2@127.0.0.1:9/shop",
            "The PostgreSQL in use (the one DATABASE_URL names, ada at 127.0.0.1:9) gives no",
        ),
    ],
)
def test_a_wrong_database_url_is_told_without_its_password(url, sentence):
    code, said = demo("story", DATABASE_URL=url)

    assert code == 2
    assert said.splitlines()[-1].startswith(sentence)
    assert len(said.splitlines()) == 2  # the step, the sentence
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "arguments",
    [("store", "--channel", "tickets"), ("store", "--port", "65536"), ("story", "--scenes", "0")],
)
def test_options_that_make_no_sense_are_refused(arguments):
    code, said = demo(*arguments)

    assert code == 2
    assert "error: " in said.splitlines()[-1]
    assert "Traceback" not in said


def test_another_stores_settings_are_not_inherited():
    given = {
        "PATH": "/bin",
        "XCOVER_API_KEY": "real",
        "XCOVER_API_SECRET": "real",
        "XCOVER_WEBHOOK_KEY": "real",
        "XCOVER_WEBHOOK_SECRET": "real",
        "CELERY_BROKER_URL": "redis://shop",
        "CELERY_RESULT_BACKEND": "redis://shop",
        "DJANGO_SETTINGS_MODULE": "saleor.settings",
        "XCOVER_LEASE_SECONDS": "600",
        "XCOVER_DEMO_LOG": "INFO",
    }
    other = dict(given)

    prepare(given)
    prepare(other)

    assert set(given) == {"PATH", "XCOVER_DEMO_LOG", "XCOVER_DEMO_SECRET_KEY"}
    assert len(given["XCOVER_DEMO_SECRET_KEY"]) > 40
    assert given["XCOVER_DEMO_SECRET_KEY"] != other["XCOVER_DEMO_SECRET_KEY"]


def test_a_lease_is_the_demos_own_and_not_inherited():
    given = {}

    prepare(given, lease_seconds=6)

    assert given["XCOVER_LEASE_SECONDS"] == "6"


def test_options_of_a_database_address_reach_django():
    settings = django_database(
        "postgresql://ada:pw@db.example:5433/shop?sslmode=require&connect_timeout=3"
    )

    assert settings == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "ada",
        "PASSWORD": "pw",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require", "connect_timeout": "3"},
    }


def test_a_process_that_dies_at_once_is_told_with_its_code_and_last_words():
    process = ReadyProcess("the worker", "ready")
    command = [
        sys.executable,
        "-c",
        "import sys; print('no such database', file=sys.stderr); exit(3)",
    ]

    with pytest.raises(DemoError) as told:
        process.start(command, timeout=20)

    assert "the worker did not start: it ended with code 3." in str(told.value)
    assert "no such database" in str(told.value)
    assert not process.is_running
    assert "no such database" in process.errors()


def test_a_process_that_says_nothing_is_told_with_the_time_it_had():
    process = ReadyProcess("the host", "ready")

    with pytest.raises(DemoError, match="the host did not start: it was not ready within 1 s"):
        process.start(["sleep", "60"], timeout=0.6)

    assert not process.is_running


def test_a_ready_line_among_others_is_heard_and_later_output_is_drained(tmp_path):
    done = tmp_path / "done"
    # More than any pipe holds.
    script = (
        "import pathlib, sys, time; "
        "sys.stdout.write('noise\\nready on here\\nmore\\n' + 'x' * 1_000_000); "
        f"sys.stdout.flush(); pathlib.Path({str(done)!r}).touch(); time.sleep(60)"
    )
    process = ReadyProcess("the shop", "ready on ")
    try:
        assert process.start([sys.executable, "-c", script], timeout=20) == "here"
        for _ in range(200):
            if done.exists():
                break
            subprocess.run(["sleep", "0.02"], check=True)
        assert done.exists()
    finally:
        process.stop()
