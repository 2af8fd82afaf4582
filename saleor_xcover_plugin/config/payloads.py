"""Find the payload source that a channel's settings name: a template, a file or a builder.

Files and builders are named by the Django setting ``XCOVER_PAYLOADS``, since whoever may fill in
the dashboard's form may not choose files or code of the server::

    XCOVER_PAYLOADS = {"tickets": "/etc/xcover/tickets.yaml", "ours": "shop.insurance.Builder"}

Packages may offer builders through entry points in the group ``saleor_xcover_plugin.payloads``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from threading import Lock
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from ..payload import shipped
from ..payload.documents import MAX_BYTES, TemplateError, read_document
from ..payload.source import PayloadSource, built
from ..payload.template import parse, template_of

log = logging.getLogger(__name__)

SETTING = "XCOVER_PAYLOADS"
"""Django setting with the paths of template files and the dotted paths of builders, by name."""
GROUP = "saleor_xcover_plugin.payloads"
"""Group of the entry points that name builders."""
DEFAULT = f"use: {shipped.NAMES[0]}\n"
"""The payload template of a new installation."""
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class ChosenPayload:
    """The payload source that a channel's setting names: a template, a file or a builder."""

    text: str = field(repr=False)
    """A template, or ``use: NAME`` with the name of a shipped one, a file or a builder."""

    def source(self) -> PayloadSource:
        """Return the source. Raise ``TemplateError`` when it cannot be used.

        A file is read again after it changed. If it cannot be used then, the one that was read
        last stays in force in this process. Whatever is wrong with it concerns what is sent in
        offers and with policies, so nothing else that reads the settings fails for it.
        """
        name = _name_in(self.text)
        return parse(self.text) if name is None else named(name)


@lru_cache(maxsize=64)
def _name_in(text: str) -> str | None:
    """Return the name that a setting uses, None if it is a template of its own."""
    document = read_document(text)
    if not (isinstance(document, dict) and "use" in document):
        return None
    name = document["use"]
    if len(document) > 1 or not isinstance(name, str):
        raise _unknown()
    return name


def _unknown() -> TemplateError:
    return TemplateError("use", f"one of {', '.join(known())} is wanted here, alone")


def default_source() -> PayloadSource:
    """Return the template of a new installation, which sends what earlier versions sent."""
    return parse(shipped.text_of(shipped.NAMES[0]))


def known() -> list[str]:
    """Return the names that a setting may use."""
    return sorted({*shipped.NAMES, *_of_store(), *_entry_points()})


def named(name: str) -> PayloadSource:
    """Return the source with this name. Raise ``TemplateError`` when it cannot be used."""
    if name in shipped.NAMES:
        return parse(shipped.text_of(name))
    if name not in known():
        raise _unknown()
    place = _of_store().get(name)
    if place is not None and place.endswith(_SUFFIXES):
        return _FILES.read(Path(place))
    return _builder(name, place)


def _of_store() -> Mapping[str, str]:
    found = getattr(django_settings, SETTING, None) or {}
    if not isinstance(found, Mapping):
        return {}  # ``faults`` says so
    return {str(name): str(place) for name, place in found.items()}


@cache
def _entry_points() -> Mapping[str, Any]:
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def _builder(name: str, place: str | None) -> PayloadSource:
    try:
        made = import_string(place) if place is not None else _entry_points()[name].load()
        return built(made() if isinstance(made, type) else made)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        raise TemplateError("use", f"{name} cannot be loaded ({type(error).__name__})") from error


class _Files:
    """Templates from files; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: dict[Path, tuple[object, PayloadSource | None, str]] = {}

    def read(self, path: Path) -> PayloadSource:
        """Return the template in a file as it is now, or the last one that could be used."""
        version = _version(path)
        with self._lock:
            seen, source, why = self._read.get(path, (None, None, ""))
            if seen != version:
                try:
                    source, why = template_of(read_document(read_file(path))), ""
                except SoftTimeLimitExceeded:
                    raise
                except Exception as error:  # whatever it holds, the last one stays in force
                    why = _told(error)
                    log.error("xcover.payload.file_broken", extra={"file": path.name})
                self._read[path] = version, source, why
        if source is None:
            raise TemplateError(path.name, why)
        return source

    def fault(self, path: Path) -> str:
        """Return why the file as it is now cannot be used; empty if it can."""
        try:
            template_of(read_document(read_file(path)))
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            return _told(error)
        return ""


_FILES = _Files()


def faults() -> dict[str, str]:
    """Return by name why files and builders of the store cannot be used, for checks and staff."""
    if not isinstance(getattr(django_settings, SETTING, None) or {}, Mapping):
        return {"no sources": "it has to be a dict of names and places"}
    found = {}
    for name, place in _of_store().items():
        if name in shipped.NAMES:
            found[name] = "a shipped template has this name"
        elif place.endswith(_SUFFIXES):
            found[name] = _FILES.fault(Path(place))
        else:
            try:
                named(name)
            except TemplateError as error:
                found[name] = str(error)
    return {name: why for name, why in found.items() if why}


def _version(path: Path) -> object:
    try:
        seen = os.stat(path)
    except OSError as error:
        return error.errno
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def read_file(path: Path) -> str:
    """Return the text of a file. Raise ``OSError``, and ``TemplateError`` if it is no text."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise TemplateError("", "it is no text in UTF-8") from None


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, TemplateError) else "it cannot be read"
