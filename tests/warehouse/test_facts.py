"""Given records, the frames that a calculation is given: whatever they are about."""

import pytest
from sqlalchemy import Engine

from tests.warehouse.documents import facts, line, opportunity, transactions
from warehouse.facts import FactsError


def test_an_empty_warehouse_gives_empty_frames_of_the_right_types(engine: Engine) -> None:
    assert all(frame.is_empty() for frame in facts(engine).values())


def test_amounts_at_the_limits_are_summed_without_wrapping(engine: Engine) -> None:
    limit = 2**63 - 1
    lines = (line("1", limit), line("2", limit), line("3", 2 - limit))
    found = transactions(engine, opportunity(amount=limit, lines=lines), opportunity("007", -limit))
    assert found["crm:booking:006:whole"][0] == limit
    assert found["crm:booking:007:whole"][0] == -limit
    with pytest.raises(FactsError, match=r"margin_minor of crm:booking:008:1 leaves the range"):
        facts(engine, opportunity("008", limit, lines=(line("1", limit, cost=-1),)))
