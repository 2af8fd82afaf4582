"""The embedded PostgreSQL of this project, which recovers from an interrupted first start.

No data is kept from one run to the next. Every process that uses the server holds a shared file
lock, which the system releases when the process is killed. The last user stops the server.
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
"""Longest path of a Unix socket on Linux, in bytes."""


def home() -> Path:
    """Return the folder of the server's data.

    It lies below ``.cache``, or in a private temporary folder if the server's account cannot enter
    ``.cache`` or the path is too long for a socket. Raises ``DemoError`` if no folder fits.
    """
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
    """Start the server if needed and return its address. It runs until its last user ends.

    Raises ``DemoError`` if it does not start.
    """
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
    """Yield private folders below the shared temporary ones; none of them is created here."""
    key = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    for shared in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108
        yield Path(shared) / f"xcover-demo-{os.getuid()}-{key}"


def _can_be_used(base: Path) -> bool:
    """Create the folder if needed; return True if the server's account can enter it.

    Raises ``DemoError`` if somebody else owns it.
    """
    who = postgres_account.for_server()
    if not who.can_reach(base.parent):
        return False
    if base.parent == ROOT:
        base.mkdir(exist_ok=True)
        return who.can_reach(base)
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o700)
    # In a shared temporary folder somebody else could have created it.
    if base.is_symlink() or not base.is_dir() or base.stat().st_uid != os.getuid():
        raise DemoError(f"{base} is not a folder of ours. Remove it and try again.")
    # The server's account may pass through the folder, but not list it or write to it.
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
    """Release the server, and stop it if this was its last user."""
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
    """Hold the lock under which processes inspect, delete, start and stop the server."""
    with (folder.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Server:
    """The server on one folder. Callers hold the lock of ``_one_at_a_time``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"postgresql://postgres@/postgres?host={folder}&port=5432"
        self._account = postgres_account.for_server()
        self._binaries = postgres_binaries.folder_for(self._account, folder.parent)
        # Created after the first connection, outside the server's own folder. initdb writes
        # PG_VERSION before the rest, so its files do not show that it finished.
        self._is_whole = folder.parent / "postgres.is-whole"

    def run(self) -> None:
        """Make sure that the server accepts connections; replace data that it cannot start on."""
        if self._is_served():
            with contextlib.suppress(psycopg.Error):
                self._connect()
                return
            if self._is_whole.exists():
                # It is complete and running, so it is busy, not broken. Wait for it again.
                self._connect()
                return
        elif self._is_whole.exists():
            with contextlib.suppress(RuntimeError, psycopg.Error, subprocess.SubprocessError):
                self._start()
                return
        # The first start was interrupted, or files are missing.
        self._wipe()
        self._account.own(self.folder)
        self._command("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres")
        self._start()
        self._is_whole.touch()

    def stop(self) -> None:
        """Stop the server; kill its processes if pg_ctl fails."""
        if self._is_served():
            with contextlib.suppress(RuntimeError, OSError, subprocess.SubprocessError):
                self._command("pg_ctl", "-w", "-m", "fast", "stop")
                return
            _kill(self._processes())

    def _start(self) -> None:
        # The process id left by a killed server may belong to another process by now.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        # Only a socket in the data folder: no port can collide and no other account has access.
        # Every user starts with an empty database, so durability is not needed.
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
        """Return the processes of initdb, pg_ctl and postgres that run on this folder."""
        return [
            process
            for process in psutil.process_iter(["name", "cmdline"])
            if process.info["name"] in ("initdb", "pg_ctl", "postgres")
            and str(self.folder) in (process.info["cmdline"] or ())
        ]

    def _wipe(self) -> None:
        self._is_whole.unlink(missing_ok=True)
        # An initdb whose parent was killed keeps running and would write into the new folder.
        _kill(self._processes())
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)
