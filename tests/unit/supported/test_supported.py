"""Which Saleor is too old, and what takes its place."""

import sys
from types import ModuleType

import pytest

from saleor_xcover_plugin import supported


@pytest.mark.parametrize(
    ("version", "needed"),
    [
        ("3.20.99", "3.21.56"),
        ("3.9.1", "3.21.56"),
        ("3.21.0", "3.21.56"),
        ("3.21.55", "3.21.56"),
        ("3.21.56-rc.1", "3.21.56"),
        ("3.22.0-a.4", "3.22.0"),
        ("3.23.0-a.0", "3.23.0"),
    ],
)
def test_a_saleor_too_old_is_told_the_lowest_patch_of_its_minor_version(version, needed):
    assert supported.version_needed(version) == needed


@pytest.mark.parametrize(
    "version", ["3.21.56", "3.21.100", "3.22.0", "3.23.28", "3.24.0-a.0", "3.100.0", "4.0.0"]
)
def test_the_lowest_patches_and_what_is_newer_are_not_too_old(version):
    assert supported.version_needed(version) is None


@pytest.mark.parametrize("version", ["unknown", "", "3.23-miniature", "main"])
def test_a_version_nobody_can_read_is_tried(version):
    assert supported.version_needed(version) is None


def test_the_lowest_patches_stand_oldest_first():
    assert list(supported.LOWEST) == sorted(supported.LOWEST, key=supported._ordered)


def test_the_sentence_names_the_version_found_and_the_one_needed(monkeypatch):
    saleor = ModuleType("saleor")
    saleor.__version__ = "3.21.55"
    saleor.__spec__ = supported.find_spec("json")
    monkeypatch.setitem(sys.modules, "saleor", saleor)

    sentence = supported.why_inactive()

    assert sentence.startswith("This is Saleor 3.21.55, and the XCover plugin needs 3.21.56 or")


def test_without_a_saleor_nothing_is_too_old(monkeypatch):
    monkeypatch.setattr(supported, "find_spec", lambda _: None)

    assert supported.why_inactive() is None
