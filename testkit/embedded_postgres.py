"""An embedded PostgreSQL of this project, which heals a first start that was interrupted.

Nothing in it is kept from one run to the next. Every process that uses it holds a shared lock; the
last to let go stops it, and a process that was killed has let go.
"""

import atexit
import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]
import psycopg

from . import postgres_account, postgres_binaries
from .errors import DemoError
from .process import ROOT

# pg_ctl hands the socket's folder to a shell, without quotes; libpq splits it at commas.
_SAFE = re.compile(r"[A-Za-z0-9_./+=:@-]+")
_SOCKET = ".s.PGSQL.5432"
_MAX_SOCKET_PATH = 107
"""Bytes of a path that Linux takes for a socket."""


def home() -> Path:
    """Return where its data lies: below .cache, or in a folder of ours where that cannot be."""
    for base in (ROOT / ".cache", *_elsewhere()):
        folder = base / "postgres"
        is_short = len(os.fsencode(folder / _SOCKET)) <= _MAX_SOCKET_PATH
        if is_short and _SAFE.fullmatch(str(folder)) and _can_be_used(base):
            return folder
    raise DemoError(
        "There is no folder for the embedded PostgreSQL: the account it runs under can enter "
        "neither the project's nor a temporary one. DATABASE_URL names another server."
    )


@functools.cache
def url() -> str:
    """Return the address of the running server; it runs until its last user ends."""
    folder = home()
    try:
        return _use(folder)
    except (OSError, RuntimeError, subprocess.SubprocessError, psycopg.Error) as error:
        if isinstance(error, DemoError):
            raise
        raise DemoError(
            f"The embedded PostgreSQL did not start ({type(error).__name__}: {error}). Its log is "
            f"{folder / 'log'}; removing {folder} begins anew, DATABASE_URL names another server."
        ) from error


def _elsewhere() -> Iterator[Path]:
    """Yield folders of ours among those for everybody; one of them is made when it is asked for."""
    key = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    for shared in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108
        yield Path(shared) / f"xcover-demo-{os.getuid()}-{key}"


def _can_be_used(base: Path) -> bool:
    """Make the folder if need be; return whether the server's account can enter it."""
    who = postgres_account.for_server()
    if not who.can_reach(base.parent):
        return False
    if base.parent == ROOT:
        base.mkdir(exist_ok=True)
        return who.can_reach(base)
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o700)
    # In a folder for everybody, somebody else could have laid it out for us.
    if base.is_symlink() or not base.is_dir() or base.stat().st_uid != os.getuid():
        raise DemoError(f"{base} is not a folder of ours. Remove it and try again.")
    # The server's account passes through it, and may write and list nothing in it.
    base.chmod(0o711 if who.is_other else 0o700)
    return True


def _use(folder: Path) -> str:
    server = _Server(folder)
    users = (folder.parent / "postgres.users").open("w")
    with _one_at_a_time(folder):
        fcntl.flock(users, fcntl.LOCK_SH)
        server.run()
    atexit.register(_let_go, server, users, os.getpid())
    return server.address


def _let_go(server: "_Server", users: IO[str], user: int) -> None:
    """Stop using the server, and stop it when that was its last user."""
    if os.getpid() != user:
        return  # a fork: its parent still uses it
    with _one_at_a_time(server.folder):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(users, fcntl.LOCK_UN)
        else:
            server.stop()
        users.close()


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process at a time look, wipe, start and stop."""
    with (folder.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Server:
    """The server on one folder. Used by one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"postgresql://postgres@/postgres?host={folder}&port=5432"
        self._account = postgres_account.for_server()
        self._binaries = postgres_binaries.folder_for(self._account, folder.parent)
        # Written after the first connection, and out of the server's own reach. initdb writes
        # PG_VERSION first and the rest later, so its files say nothing about whether it ended.
        self._is_whole = folder.parent / "postgres.is-whole"

    def run(self) -> None:
        """Make sure that it answers, on a new database when the present one cannot be used."""
        if self._is_served():
            with contextlib.suppress(psycopg.Error):
                self._connect()
                return
            if self._is_whole.exists():
                # Others use it: it is busy, not broken.
                self._connect()
                return
        elif self._is_whole.exists():
            with contextlib.suppress(RuntimeError, psycopg.Error, subprocess.SubprocessError):
                self._start()
                return
        # Interrupted, or its files were removed in part.
        self._wipe()
        self._account.own(self.folder)
        self._command("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres")
        self._start()
        self._is_whole.touch()

    def stop(self) -> None:
        """Stop it; with SIGKILL what does not end by itself."""
        if self._is_served():
            with contextlib.suppress(RuntimeError, OSError, subprocess.SubprocessError):
                self._command("pg_ctl", "-w", "-m", "fast", "stop")
                return
            _kill(self._processes())

    def _start(self) -> None:
        # A number left by a killed server may belong to any process by now.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        # A socket only, in the folder of the data: no port to collide on, nobody else gets in.
        # Whoever uses it begins with an empty database, so there is nothing to wait for a disk for.
        options = f"-h '' -p 5432 -k {self.folder} -c fsync=off -c full_page_writes=off"
        log = str(self.folder / "log")
        self._command("pg_ctl", "-w", "-t", "40", "-l", log, "-o", options, "start")
        self._connect()

    def _command(self, name: str, *arguments: str) -> None:
        self._account.run([str(self._binaries / name), "-D", str(self.folder), *arguments])

    def _connect(self) -> None:
        psycopg.connect(self.address, connect_timeout=10).close()

    def _is_served(self) -> bool:
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return False
        return pid in {process.pid for process in self._processes()}

    def _processes(self) -> list[psutil.Process]:
        """Return initdb and servers that were started for this folder."""
        return [
            process
            for process in psutil.process_iter(["name", "cmdline"])
            if process.info["name"] in ("initdb", "pg_ctl", "postgres")
            and str(self.folder) in (process.info["cmdline"] or ())
        ]

    def _wipe(self) -> None:
        self._is_whole.unlink(missing_ok=True)
        # An initdb whose parent was killed goes on by itself and would write between ours.
        _kill(self._processes())
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)
