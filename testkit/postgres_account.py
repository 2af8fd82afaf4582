"""The account an embedded server runs under, and where that account can go.

PostgreSQL refuses to run as root. For root it runs as ``nobody``, an account every Debian has and
that cannot log in: no account is added. What ``nobody`` cannot reach is left as it is; data and
binaries go where it can.
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
"""For one command; a busy machine takes its time to write a database."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs the server: our own, or one without rights when we are root."""

    user: int
    group: int
    is_other: bool
    """Return True when the server runs under another account than this process."""

    def can_reach(self, folder: Path) -> bool:
        """Return whether it may enter a folder; for ourselves the system will tell in time."""
        folder = folder.resolve()
        return not self.is_other or all(
            each.stat().st_mode & 0o001 for each in (folder, *folder.parents)
        )

    def own(self, folder: Path) -> None:
        """Make an empty folder that only this account, and root, may enter."""
        folder.mkdir(mode=0o700)
        if self.is_other:
            os.chown(folder, self.user, self.group)

    def run(self, command: Sequence[str]) -> None:
        """Run a command under this account to its end.

        Raise ``RuntimeError`` with its last words when it fails, and what ``subprocess.run``
        raises when it cannot be started or takes too long.
        """
        # A file: the server a command starts may inherit a pipe and keep it open.
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            ended = subprocess.run(
                command,
                # Ours may be a folder this account cannot enter.
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=SECONDS,
                check=False,
                # None changes nothing, which only root could.
                user=self.user if self.is_other else None,
                group=self.group if self.is_other else None,
                extra_groups=[] if self.is_other else None,
            )
            said.seek(0)
            last = said.read().strip()[-500:]
        if ended.returncode:
            raise RuntimeError(f"{Path(command[0]).name} failed: {last or ended.returncode}")


def for_server() -> Account:
    """Return the account for a server this process starts."""
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
    """Leave out what would change the server: another cluster's settings, a missing locale."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C"}
