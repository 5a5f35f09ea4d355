"""Canonical records come back as they were put, and go when what they were made from goes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select

from mappings.deals import join
from mappings.money import Money
from mappings.records import (
    RECORD_KINDS,
    CanonicalRecord,
    Channel,
    Invoice,
    Key,
    Line,
    Opportunity,
    Order,
    Share,
    Stage,
)
from tests.warehouse.records import NOON, records
from warehouse import canonical
from warehouse.canonical.links import read_links
from warehouse.canonical.tables import KINDS
from warehouse.database import writing
from warehouse.digest import digest
from warehouse.landing import SourceVersion, land, read_since

OWNER = Key(source="crm", ref="005")


def put(connection: Connection, found: Sequence[CanonicalRecord], landing_id: int = 1, version: str = "v1") -> None:
    canonical.put(connection, found, landing_ids=[landing_id] * len(found), mapping_version=version)


def opportunity(ref: str = "006", **changes: object) -> Opportunity:
    fields = {"source": "crm", "ref": ref, "name": "n", "stage": Stage.OPEN, "currency": "USD", "owner_key": OWNER}
    return Opportunity.model_validate(fields | changes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(records(), max_size=8))
def test_what_is_put_is_read_back(engine: Engine, drawn: list[CanonicalRecord]) -> None:
    expected = {(type(record), record.key): record for record in drawn}
    with engine.connect() as connection:
        put(connection, drawn)
        before = digest(connection)
        found = {(type(record), record.key): record for record in canonical.read_all(connection)}
        assert found == expected
        put(connection, list(found.values()), landing_id=2)
        assert digest(connection) == before
        assert list(join(read_links(connection))) == list(join(found.values()))
        connection.rollback()


def test_every_kind_is_kept_and_its_tables_have_a_column_for_each_field() -> None:
    assert KINDS.keys() == RECORD_KINDS.keys()
    for kind in KINDS.values():
        fields = {part.field for part in kind.shape.parts} | {child.field for child in kind.children}
        assert fields == set(kind.model.model_fields)


def test_exact_values_survive(engine: Engine) -> None:
    line = Line(ref="1", quantity=Decimal("0.123456789012"), amount=Money(minor=2**63 - 1, currency="JPY"))
    shares = (Share(employee_key=OWNER, ratio=Decimal("0.333333")), Share(employee_key=OWNER, role="overlay"))
    put_record = opportunity(lines=(line,), shares=shares, probability_ratio=Decimal("0.10"))
    with writing(engine) as connection:
        put(connection, [put_record])
        assert canonical.read(connection, "opportunity") == [put_record]


def test_a_replacement_leaves_nothing_of_the_old(engine: Engine) -> None:
    lines = tuple(Line(ref=str(number)) for number in range(5))
    with writing(engine) as connection:
        put(connection, [opportunity(lines=lines, name="old"), opportunity("007", lines=lines)])
        put(connection, [opportunity(lines=lines[3:])], landing_id=2)
        first, second = canonical.read(connection, "opportunity")
    assert isinstance(first, Opportunity)
    assert (first.name, [line.ref for line in first.lines]) == ("n", ["3", "4"])
    assert second == opportunity("007", lines=lines)


def test_reading_some(engine: Engine) -> None:
    others = [opportunity(str(number)) for number in range(2_500)]
    with writing(engine) as connection:
        put(connection, [*others, opportunity(source="old-crm")])
        keys = [Key(source="crm", ref=str(number)) for number in range(0, 2_600, 2)]
        assert len(canonical.read(connection, "opportunity", keys=keys)) == 1_250
        assert [record.source for record in canonical.read(connection, "opportunity", source="old-crm")] == ["old-crm"]
        assert canonical.read(connection, "opportunity", source="old-crm", keys=keys) == []
        assert canonical.read(connection, "opportunity", keys=[]) == []


def test_removing_takes_the_lines_along(engine: Engine) -> None:
    money = Money(minor=1, currency="USD")
    order = Order(
        source="erp", ref="1", dated_on=date(2026, 1, 1), currency="USD", amount=money, lines=(Line(ref="1"),)
    )
    invoice = Invoice(
        source="erp", ref="2", dated_on=order.dated_on, currency="USD", amount=money, order_keys=(order.key,)
    )
    with writing(engine) as connection:
        put(connection, [order, invoice])
        assert canonical.remove(connection, "order", [order.key, OWNER]) == 1
        assert canonical.read(connection, "order") == []
        assert canonical.read(connection, "invoice") == [invoice]
        lines = next(child.table for child in KINDS["order"].children if child.field == "lines")
        assert connection.scalar(select(func.count()).select_from(lines)) == 0


def test_retracting_takes_all_that_a_source_record_gave(engine: Engine) -> None:
    with writing(engine) as connection:
        land(connection, [SourceVersion("crm", "Deal", ref, "1", NOON, "{}") for ref in "ab"], NOON)
        land(connection, [SourceVersion("crm", "Deal", "a", "2", NOON, "{}")], NOON)
        other, latest = read_since(connection, "crm", 0, 10)
        put(connection, [opportunity("x"), Channel(source="crm", ref="web", name="Web")], landing_id=1)
        put(connection, [opportunity("y")], landing_id=other.landing_id)
        assert canonical.retract(connection, [latest], ["channel"]) == 1
        assert canonical.retract(connection, [latest]) == 1
        assert canonical.retract(connection, [latest]) == 0
        assert [record.ref for record in canonical.read_all(connection)] == ["y"]


def test_what_only_another_mapping_made_can_be_dropped(engine: Engine) -> None:
    with writing(engine) as connection:
        put(connection, [opportunity("old"), opportunity("kept"), opportunity("other", source="crm2")])
        put(connection, [opportunity("kept")], version="v2")
        assert canonical.drop_other_versions(connection, "crm", "v2") == 1
        assert [record.ref for record in canonical.read(connection, "opportunity")] == ["kept", "other"]


def test_the_digest_tells_content_and_nothing_else(engine: Engine) -> None:
    with writing(engine) as connection:
        empty = digest(connection)
        land(connection, [SourceVersion("crm", "Deal", "a", "1", NOON, "{}")], NOON)
        put(connection, [opportunity(lines=(Line(ref="1"),))], landing_id=1)
        first = digest(connection)
        assert {name for name in first if first[name] != empty[name]} == {
            "landing",
            "opportunities",
            "opportunity_lines",
        }
        put(connection, [opportunity(lines=(Line(ref="1"),))], landing_id=9)
        assert digest(connection) == first
        put(connection, [opportunity(lines=(Line(ref="2"),))], landing_id=9)
        assert {name for name, value in digest(connection).items() if value != first[name]} == {"opportunity_lines"}
