"""What all tests share: where the test data lies, and which plug-ins start real counterparts."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytest_plugins = ("tests.databases", "tests.tryton_lab")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with recorded payloads and public data sets: ``BONUSBRIDGE_TEST_DATA``, by default ``../shared``."""
    folder = Path(os.environ.get("BONUSBRIDGE_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        message = f"no test data at {folder}; set BONUSBRIDGE_TEST_DATA to the folder that holds data/ and labs/"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
