"""The examples in docstrings hold."""

import doctest
import importlib
from pathlib import Path

import pytest

import compensation

_FOLDER = Path(compensation.__file__).parent
_WITH_EXAMPLES = sorted(
    ".".join(file.relative_to(_FOLDER.parent).with_suffix("").parts)
    for file in _FOLDER.rglob("*.py")
    if ">>>" in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", _WITH_EXAMPLES)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
