"""The simulator as a program."""

import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from testkit.partner import Partner, offer_request
from testkit.process import ROOT
from testkit.simulator import SimulatorProcess

MODULE = [sys.executable, "-m", "xcover_simulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_one_line_once_it_listens_and_leaves_cleanly(number):
    # given
    with subprocess.Popen(
        [*MODULE, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as p:
        line = p.stdout.readline()
        # when
        response = requests.get(line.split()[-1].removesuffix("/x") + "/_simulator", timeout=5)
        p.send_signal(number)
        rest, _ = p.communicate(timeout=10)
    # then
    assert line.startswith("simulator ready on http://127.0.0.1:")
    assert line.endswith("/x\n")
    assert response.status_code == 200
    assert rest == ""
    assert p.returncode == 0


@pytest.mark.parametrize("kind", ["hang", "delay", "drip"])
def test_stops_quickly_even_while_a_request_is_held(kind):
    # given
    simulator = SimulatorProcess().start()
    simulator.fault(
        "create_offer", kind, **({"interval": 5} if kind == "drip" else {"seconds": 60})
    )
    outcome = []

    def ask():
        try:
            outcome.append(Partner(simulator.base_url).send("POST", "/offers/", offer_request()))
        except requests.RequestException as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not simulator.calls("create_offer"):
        time.sleep(0.01)
    # when
    began = time.monotonic()
    code = simulator.stop()
    took = time.monotonic() - began
    asking.join(timeout=10)
    # then
    assert code == 0
    assert took < 5
    assert len(outcome) == 1
    if kind == "hang":
        assert isinstance(outcome[0], requests.ConnectionError)


def test_a_taken_port_is_a_sentence_and_not_a_traceback(process):
    # given
    port = process.base_url.split(":")[2].removesuffix("/x")
    # when
    done = subprocess.run(
        [*MODULE, "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    # then
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_takes_credentials_and_partner_from_the_command_line():
    # given
    with SimulatorProcess().start(
        sys.executable, "--partner", "ZZTOP", "--api-key", "other-key"
    ) as simulator:
        # when
        settings = simulator.state()["settings"]
    # then
    assert (settings["partner_code"], settings["api_key"]) == ("ZZTOP", "other-key")


def test_imports_nothing_else_of_the_plugin():
    # given
    code = (
        "import sys, xcover_simulator.__main__\n"
        "print([n for n in sys.modules if n.startswith('saleor_xcover_plugin.')"
        " and not n.startswith('xcover_simulator')]"
        " + [n for n in ('django', 'celery', 'graphene', 'saleor') if n in sys.modules])"
    )
    # when
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    # then
    assert done.stdout.strip() == "[]"
