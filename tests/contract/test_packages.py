"""What is published is whole: the wheel for a store, the sdist for whoever builds or tests it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "saleor_xcover_plugin"


def tracked(*folders: str) -> set[str]:
    """Return what git knows below these, or skip where this is no checkout."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git checkout")
    return set(listed.stdout.splitlines())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    for kind in ("build_wheel", "build_sdist"):
        code = f"import hatchling.build; hatchling.build.{kind}({str(folder)!r})"
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_the_whole_plugin_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    plugin = {name for name in names if name.startswith(f"{PLUGIN}/")}
    assert plugin == tracked(PLUGIN)
    assert {name.partition("/")[0] for name in names - plugin} == {f"{PLUGIN}-0.1.0.dist-info"}
    assert {f"{PLUGIN}/py.typed", f"{PLUGIN}/static/{PLUGIN}/element.js"} <= plugin


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("packages/xcover-simulator", "xcover_simulator"),
        ("packages/xcover-acceptance", "xcover_acceptance"),
    ],
)
def test_each_other_wheel_holds_its_package_and_nothing_else(
    folder: str, package: str, tmp_path: Path
) -> None:
    code = f"import hatchling.build; hatchling.build.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / folder, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    own = {name for name in names if name.startswith(f"{package}/")}
    assert {f"{folder}/{name}" for name in own} == tracked(f"{folder}/{package}")
    assert {name.partition("/")[0] for name in names - own} == {f"{package}-0.1.0.dist-info"}


def test_the_sdist_holds_everything_its_own_checks_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    missing = tracked() - names
    assert missing <= {".gitignore"}
