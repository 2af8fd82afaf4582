"""The shop as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[3]
READY = "shop ready on "


def test_it_says_where_it_is_ready_and_stops_when_told() -> None:
    shop = subprocess.Popen(
        [sys.executable, "-m", "demo.shop", "--saleor", "http://127.0.0.1:9/", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "XCOVER_DEMO_STAFF_TOKEN": "secret"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with shop:
        try:
            assert shop.stdout
            line = shop.stdout.readline()
            assert line.startswith(READY)
            address = line.removeprefix(READY).strip()
            config = requests.get(f"{address}/api/config", timeout=10).json()
            assert config["missingTokens"] == ["XCOVER_DEMO_PAYMENT_TOKEN"]
        finally:
            shop.terminate()
        assert shop.wait(timeout=10) == 0
