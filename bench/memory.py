"""Memory growth of a web process and of a worker over many operations.

The processes run at the same time, each with its own store and database.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.transports import over_http
from testkit.saleor.serving import served

from . import command
from .environment import OFF, ON, Place, opened

KINDS = {"off": "web, plugin off", "on": "web, plugin on", "worker": "worker"}
STEPS = 10
"""Number of times the memory is read."""
WORKER_SHARE = 5
"""The worker confirms this part of the operations: each is a whole sale."""


def measure(operations: int) -> dict[str, Any]:
    """Return the memory in MiB after each tenth of the operations; the first is the warm-up."""
    with tempfile.TemporaryDirectory() as folder:
        files = {kind: Path(folder) / kind for kind in KINDS}
        started = [
            _start(kind, _count(kind, operations), file, broker=number)
            for number, (kind, file) in enumerate(files.items(), start=3)
        ]
        codes = [process.wait() for process in started]
        if any(codes):
            raise SystemExit("one of the processes failed; its output is above")
        found = {KINDS[kind]: json.loads(file.read_text()) for kind, file in files.items()}
    counts = {KINDS[kind]: _count(kind, operations) for kind in KINDS}
    return {"operations": operations, "counts": counts, **found}


def _count(kind: str, operations: int) -> int:
    return operations // WORKER_SHARE if kind == "worker" else operations


def _start(kind: str, operations: int, out: Path, *, broker: int) -> subprocess.Popen[bytes]:
    """Start a process that measures one kind; memory left by another kind would hide growth."""
    environment = {
        **os.environ,
        "XCOVER_FLOWS_DATABASE": f"xcover_bench_memory_{kind}",
        "BENCH_BROKER": f"redis://localhost:6379/{broker}",
    }
    what = ["--kind", kind, "--operations", str(operations), "--out", str(out)]
    return subprocess.Popen([sys.executable, "-m", "bench.memory", *what], env=environment)


def _measure_one(kind: str, operations: int) -> list[float]:
    with opened() as place:
        if kind == "worker":
            return _worker(place, operations)
        return _web(place, ON if kind == "on" else OFF, operations)


def _web(place: Place, plugin: str, operations: int) -> list[float]:
    """Create a checkout in one of ten operations; read the checkout or the offer in the others.

    Uses HTTP, because Django's test client leaks about 1 KiB per request in finalizers of signals,
    which would be attributed to the plugin.
    """
    place.choose(plugin)
    with served() as address:
        shopper = Shopper(Driver(over_http(address)), place.store.usd_unpaid)

        def act(number: int) -> None:
            if number % 10 == 0:
                shopper.create_checkout({place.store.concert: 2})
            elif plugin == ON:
                shopper.offer()
            else:
                shopper.checkout()

        return _watched(act, operations)


def _worker(place: Place, operations: int) -> list[float]:
    """Confirm one policy per operation, each of a separate sale."""
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due
    from testkit.load import sales

    place.choose(ON)
    place.store.forget()
    place.simulator.reset()
    template = sales.covered(place.shopper, place.store, place.simulator)
    placed = sales.Sales(place.simulator, utc_now)
    waiting: list[Any] = []

    def act(_: int) -> None:
        from saleor_xcover_plugin.policies.order_sync import sync_order

        if not waiting:
            made = placed.place_many(template, 100)
            sales.pay_all(made, utc_now())
            for order in made:
                sync_order(order.pk, utc_now())
            waiting.extend(made)
        waiting.pop()
        deliver_due(lambda: utc_now() + timedelta(seconds=1), limit=1)

    found = _watched(act, operations)
    from saleor_xcover_plugin.models import Cover

    confirmed = Cover.objects.filter(status="confirmed").count()
    if confirmed < operations * 0.9:
        raise SystemExit(f"the worker confirmed {confirmed} of {operations}")
    return found


def _watched(act: Callable[[int], None], operations: int) -> list[float]:
    step = max(operations // STEPS, 1)
    for number in range(step):
        act(number)
    found = [_mebibytes()]
    for number in range(step, operations):
        act(number)
        if (number + 1) % step == 0:
            found.append(_mebibytes())
    return found


def _mebibytes() -> float:
    """Return the resident memory of this process in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kibibytes,) = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return round(int(kibibytes) / 1024, 1)


def main() -> int:
    """Run the benchmark, or one of its processes, from the command line."""
    if "--kind" in sys.argv:
        return _main_of_one()
    options = command.options(__doc__)
    return command.write(options, measure(100 if options.quick else 10_000))


def _main_of_one() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--operations", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.write_text(json.dumps(_measure_one(options.kind, options.operations)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
