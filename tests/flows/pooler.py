"""PgBouncer in transaction mode before the database of the tests, as many stores run it.

Each statement or transaction may meet another connection to PostgreSQL. What a session keeps, such
as a cursor on the server or an advisory lock, is gone with the next one.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from testkit import postgres_account
from testkit.orphan_guard import Guard

POOL = 2
"""Connections to PostgreSQL, whatever number of clients there is."""
SECONDS = 20


def binary() -> str | None:
    """Return Debian's PgBouncer, or None where the package is not installed."""
    return shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")


@contextmanager
def pooler(server: Mapping[str, Any]) -> Iterator[int]:
    """Run PgBouncer before a server, given as in Django's DATABASES; yield its port."""
    program = binary()
    if program is None:
        raise RuntimeError("PgBouncer is not installed: apt-get install pgbouncer")
    who = postgres_account.for_server()
    with tempfile.TemporaryDirectory(prefix="xcover-pooler-") as made:
        folder = Path(made)
        folder.chmod(0o755 if who.is_other else 0o700)
        port = _free_port()
        settings = folder / "pgbouncer.ini"
        settings.write_text(_settings(server, port))
        settings.chmod(0o644 if who.is_other else 0o600)
        guard = Guard()
        process = subprocess.Popen(
            [program, str(settings)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            user=who.user if who.is_other else None,
            group=who.group if who.is_other else None,
            extra_groups=[] if who.is_other else None,
        )
        guard.watch(process.pid)
        try:
            _wait(port, str(server["NAME"]), process)
            yield port
        finally:
            process.terminate()
            process.wait()
            guard.release()


def _settings(server: Mapping[str, Any], port: int) -> str:
    where = {
        "host": server["HOST"] or "/var/run/postgresql",
        "port": server["PORT"] or "5432",
        "user": server["USER"],
        "password": server["PASSWORD"],
    }
    target = " ".join(f"{name}={value}" for name, value in where.items() if value)
    return f"""\
[databases]
* = {target}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {POOL}
ignore_startup_parameters = extra_float_digits,options
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, database: str, process: subprocess.Popen[bytes]) -> None:
    ends_at = time.monotonic() + SECONDS
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, dbname=database, user="x").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > ends_at:
                raise
            time.sleep(0.05)
