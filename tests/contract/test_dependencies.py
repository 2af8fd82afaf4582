"""Installing the wheel into Saleor adds and changes no other package."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from saleor_xcover_plugin.supported import LOWEST

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN_FILES = sorted((ROOT / "constraints").glob("saleor-*.txt"))


def pins_of(path: Path) -> dict[str, str]:
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.mark.parametrize("path", PIN_FILES, ids=lambda path: path.stem)
def test_every_requirement_is_met_by_what_saleor_already_pins(path):
    pins = pins_of(path)

    for text in PROJECT["dependencies"]:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} would be a new package in {path.stem}"
        assert pins[name] in requirement.specifier, f"{name} {pins[name]} would be changed"


@pytest.mark.parametrize("lowest", LOWEST)
def test_the_pins_of_a_minor_version_name_its_lowest_patch(lowest):
    pins = ROOT / "constraints" / f"saleor-{lowest.rpartition('.')[0]}.txt"

    assert f"\n# The plugin runs from {lowest} on.\n" in pins.read_text()


def test_every_supported_saleor_is_there_to_prove_it_against():
    assert [path.stem for path in PIN_FILES] == [
        f"saleor-{minor}" for minor in ("3.21", "3.22", "3.23", "3.24")
    ]


# urllib3 is declared: it is imported, and the range is wider than what any Saleor pins, so that it
# cannot clash. Saleor 3.21 pins the first major, later ones the second.
@pytest.mark.parametrize("name", ["phonenumbers", "orjson", "tenacity", "werkzeug"])
def test_packages_that_would_clash_are_never_declared(name):
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}

    assert name not in declared
