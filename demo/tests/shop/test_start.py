"""The shop as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from demo.shop.probe import warning
from demo.shop.settings import Settings

from .upstream_server import FakeUpstream

ROOT = Path(__file__).resolve().parents[3]
READY = "shop ready on "


def shop(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo.shop", *arguments, "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_where_it_is_ready_and_stops_when_told(host: FakeUpstream) -> None:
    host.answers["shop"] = "Query"
    with shop("--saleor", host.url, XCOVER_DEMO_STAFF_TOKEN="secret") as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith(READY)
            address = line.removeprefix(READY).strip()
            staff = process.stdout.readline().strip()
            config = requests.get(f"{address}/api/config", timeout=10).json()
            assert config["missingTokens"] == ["XCOVER_DEMO_PAYMENT_TOKEN"]
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0
    # A key of its own, and nothing that says it without the address.
    assert staff.startswith(f"staff: {address}/#/staff?key=")
    assert len(staff.rpartition("=")[2]) >= 32


@pytest.mark.parametrize(
    ("saleor", "sentence"),
    [
        ("http://127.0.0.1:9/", "No Saleor answers there. http://127.0.0.1:9/graphql/ cannot"),
        ("ftp://saleor.example", "is not an address such as https://saleor.example."),
        ("https://", "is not an address such as https://saleor.example."),
    ],
)
def test_a_saleor_that_cannot_be_used_is_told_in_one_sentence(saleor: str, sentence: str) -> None:
    with shop("--saleor", saleor) as process:
        told, failed = process.communicate(timeout=20)

    assert process.returncode == 2
    assert told == ""
    assert sentence in failed
    assert len(failed.splitlines()) == 1


def test_a_host_that_is_no_saleor_is_told(host: FakeUpstream) -> None:
    host.answers["shop"] = None
    with shop("--saleor", host.url) as process:
        _, failed = process.communicate(timeout=20)

    assert process.returncode == 2
    assert failed.strip().endswith("answers, but not as the API of a Saleor.")


@pytest.mark.parametrize(
    ("saleor", "token", "is_warned"),
    [
        ("http://saleor.example", "secret", True),
        ("https://saleor.example", "secret", False),
        ("http://saleor.example", "", False),
        ("http://127.0.0.1:8000", "secret", False),
        ("http://localhost:8000", "secret", False),
        ("http://[::1]:8000", "secret", False),
    ],
)
def test_tokens_over_plain_http_are_warned_of(saleor: str, token: str, is_warned: bool) -> None:
    warned = warning(Settings(saleor=saleor, staff_token=token))

    assert (warned is not None) is is_warned
    assert "secret" not in (warned or "")
