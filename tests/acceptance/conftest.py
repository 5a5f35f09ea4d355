"""Every acceptance test runs once against each counterpart that can do what it needs; the others have to say so."""

from collections.abc import Iterator

import pytest

from tests.acceptance.counterparts import COUNTERPARTS, Counterpart


def _named(counterpart: type[Counterpart]) -> str:
    return counterpart.name


@pytest.fixture(params=COUNTERPARTS, ids=_named)
def system(request: pytest.FixtureRequest) -> Iterator[Counterpart]:
    with request.param.started() as counterpart:
        yield counterpart


@pytest.fixture(params=[one for one in COUNTERPARTS if one.write_refusal is None], ids=_named)
def writable(request: pytest.FixtureRequest) -> Iterator[Counterpart]:
    with request.param.started() as counterpart:
        yield counterpart


@pytest.fixture(params=[one for one in COUNTERPARTS if one.commits_late], ids=_named)
def late_system(request: pytest.FixtureRequest) -> Iterator[Counterpart]:
    with request.param.started() as counterpart:
        yield counterpart
