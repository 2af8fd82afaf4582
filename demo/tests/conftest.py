"""What several of these tests need."""

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def open_folder():
    """A short path everybody may enter; pytest's own folders are private to their user."""
    folder = Path(tempfile.mkdtemp(prefix="xcover-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
