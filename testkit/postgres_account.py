"""The account of the embedded server, and the folders it can reach.

PostgreSQL refuses to run as root. When this process is root, the server runs as ``nobody``, an
account without a login that every Debian has. No permissions of existing folders are changed: data
and binaries are placed where ``nobody`` can reach them.
"""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import DemoError

SECONDS = 60
"""Seconds that one command may take; generous, because initdb is slow on a busy machine."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs the server: that of this process, or ``nobody`` for root."""

    user: int
    group: int
    is_other: bool
    """True if the server runs under another account than this process."""

    def can_reach(self, folder: Path) -> bool:
        """Return True if the account may enter ``folder``.

        Always True for the account of this process; the system reports any denial later.
        """
        folder = folder.resolve()
        return not self.is_other or all(
            each.stat().st_mode & 0o001 for each in (folder, *folder.parents)
        )

    def own(self, folder: Path) -> None:
        """Create an empty folder that only this account may enter."""
        folder.mkdir(mode=0o700)
        if self.is_other:
            os.chown(folder, self.user, self.group)

    def run(self, command: Sequence[str]) -> None:
        """Run a command under this account and wait for it.

        Raises ``RuntimeError`` with the end of its output if it fails, OSError if it cannot be
        started, and ``subprocess.TimeoutExpired`` after ``SECONDS``.
        """
        # A file, because a server started by the command could inherit a pipe and keep it open.
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            ended = subprocess.run(
                command,
                # The account may not be able to enter the current folder.
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=SECONDS,
                check=False,
                # None keeps the account; only root can change it.
                user=self.user if self.is_other else None,
                group=self.group if self.is_other else None,
                extra_groups=[] if self.is_other else None,
            )
            said.seek(0)
            last = said.read().strip()[-500:]
        if ended.returncode:
            raise RuntimeError(f"{Path(command[0]).name} failed: {last or ended.returncode}")


def for_server() -> Account:
    """Return the account for a server that this process starts.

    Raises ``DemoError`` if this process is root and the machine has no account ``nobody``.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise DemoError(
            "PostgreSQL does not run as root, and this machine has no account nobody. Run this as "
            "another user, or name a server in DATABASE_URL."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid, is_other=True)


def _environment() -> dict[str, str]:
    """Return the environment without settings of other clusters, and with the locale C."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C"}
