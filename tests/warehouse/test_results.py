"""Rejects, deals, calculations and estimates: what is kept, what is replaced, and what is not written twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from mappings.deals import Deal
from mappings.records import Key
from warehouse import results
from warehouse.canonical import deals, rejects
from warehouse.canonical.rejects import Reject
from warehouse.database import reading, writing
from warehouse.landing import SourceVersion, land, read_progress, read_since, save_progress
from warehouse.results import Estimate

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@dataclass(frozen=True)
class Refused:
    reason: str
    field: str = "amount"


def deal(ref: str, *orders: str) -> Deal:
    members = (
        ("opportunity", Key(source="crm", ref=ref)),
        *(("order", Key(source="erp", ref=each)) for each in orders),
    )
    return Deal("crm", ref, members)


def estimate(deal_id: str, payee_id: str, inputs_hash: str, total: int = 5) -> Estimate:
    return Estimate(deal_id, payee_id, inputs_hash, inputs_hash.encode(), total, "USD", ("v1", "v2"))


def test_rejects_stay_until_their_record_is_mapped(engine: Engine) -> None:
    with writing(engine) as connection:
        land(connection, [SourceVersion("crm", "Opportunity", ref, "1", NOON, "{}") for ref in "abc"], NOON)
        landed = read_since(connection, "crm", 0, 10)
        rejects.replace(connection, landed, [(landed[0], Refused("NaN")), (landed[1], Refused("NaN"))], "v1")
        assert rejects.count(connection) == [("crm", "Opportunity", "amount", "NaN", 2, "a")]
        rejects.replace(connection, landed[:1], [], "v1")
        rejects.replace(connection, landed[2:], [(landed[2], Refused("no date", ""))], "v2")
        assert rejects.read(connection, "crm") == [
            Reject("crm", "Opportunity", "b", landed[1].landing_id, "v1", "amount", "NaN"),
            Reject("crm", "Opportunity", "c", landed[2].landing_id, "v2", "", "no date"),
        ]
        assert rejects.read(connection, "erp") == []
        assert rejects.drop_other_versions(connection, "crm", "v2") == 1
        assert [reject.ref for reject in rejects.read(connection)] == ["c"]


def test_progress_is_per_mapping_and_of_one_at_a_time(engine: Engine) -> None:
    with writing(engine) as connection:
        assert read_progress(connection, "crm", "v1") == 0
        save_progress(connection, "crm", "v1", 5)
        save_progress(connection, "crm", "v1", 7)
        assert (read_progress(connection, "crm", "v1"), read_progress(connection, "crm", "v2")) == (7, 0)
        save_progress(connection, "crm", "v2", 3)
        assert read_progress(connection, "crm", "v1") == 0, "going back to it begins anew"


def test_only_deals_that_differ_are_written(engine: Engine) -> None:
    with writing(engine) as connection:
        assert deals.replace(connection, [deal("1"), deal("2", "S2"), deal("3")]) == {"crm:1", "crm:2", "crm:3"}
        assert deals.replace(connection, [deal("1"), deal("2", "S2"), deal("3")]) == set()
        assert deals.replace(connection, [deal("1"), deal("2", "S2", "S1"), deal("4")]) == {"crm:2", "crm:3", "crm:4"}
        assert deals.read_members(connection) == {
            "crm:1": [("opportunity", "crm", "1")],
            "crm:2": [("opportunity", "crm", "2"), ("order", "erp", "S2"), ("order", "erp", "S1")],
            "crm:4": [("opportunity", "crm", "4")],
        }
        assert deals.deals_of(connection, "order", Key(source="erp", ref="S1")) == ["crm:2"]


def test_an_estimate_is_written_only_when_its_inputs_change_and_the_old_one_is_kept(engine: Engine) -> None:
    with writing(engine) as connection:
        assert results.put_estimates(connection, [estimate("d", "p", "h1"), estimate("d", "q", "h1")], NOON) == 2
        assert results.put_estimates(connection, [estimate("d", "p", "h1"), estimate("d", "q", "h2", 7)], LATER) == 1
        history = results.estimate_history(connection, "d", "q")
        assert [(old.estimate.inputs_hash, old.calculated_at, old.retired_at) for old in history] == [
            ("h1", NOON, LATER),
            ("h2", LATER, None),
        ]
        assert [current.estimate for current in results.current_estimates(connection)] == [
            estimate("d", "p", "h1"),
            estimate("d", "q", "h2", 7),
        ]
        assert not results.put_estimate(connection, *estimate("d", "q", "h2"), LATER)


def test_estimates_without_a_deal_or_payee_any_more_are_retired(engine: Engine) -> None:
    with writing(engine) as connection:
        results.put_estimates(connection, [estimate(deal, payee, "h") for deal in "de" for payee in "pq"], NOON)
        assert results.retire_estimates(connection, {("d", "p")}, LATER, deals={"d"}) == 1
        assert results.retire_estimates(connection, {("d", "p"), ("e", "q")}, LATER) == 1
        current = [(each.estimate.deal_id, each.estimate.payee_id) for each in results.current_estimates(connection)]
        assert current == [("d", "p"), ("e", "q")]
        assert results.put_estimates(connection, [estimate("e", "p", "h")], LATER) == 1
        assert len(results.estimate_history(connection, "e", "p")) == 2


def test_the_database_itself_refuses_a_second_current_estimate(engine: Engine) -> None:
    row = {**estimate("d", "p", "h")._asdict(), "plan_versions": "v1", "calculated_at": NOON}
    with writing(engine) as connection:
        connection.execute(insert(results.ESTIMATES), row)
        with pytest.raises(IntegrityError):
            connection.execute(insert(results.ESTIMATES), row)
        connection.rollback()


def lines(*earnings: int) -> pl.DataFrame:
    day = date(2026, 10, 1)
    common = {"payee_id": "p", "plan": "n", "plan_version": "v", "component": "c", "currency": "USD"}
    period = {"period_label": "2026-Q4", "period_start": day, "period_end": date(2027, 1, 1)}
    rows = [
        {**common, **period, "deal_id": "d", "dated_on": day, "earning_minor": each, "more": 1} for each in earnings
    ]
    return pl.DataFrame(rows)


def put(engine: Engine, fingerprint: str, earnings: Sequence[int]) -> bool:
    with writing(engine) as connection:
        return results.put_calculation(
            connection,
            fingerprint=fingerprint,
            as_of=NOON.date(),
            plan_versions=["v"],
            calculated_at=NOON,
            lines=lines(*earnings),
            openings=lines(0).drop("deal_id", "dated_on"),
        )


def test_only_the_newest_calculation_s_earnings_are_kept(engine: Engine) -> None:
    assert put(engine, "f1", [5, 6, 7])
    assert not put(engine, "f1", [9])
    with reading(engine) as connection:
        assert list(connection.scalars(select(results.EARNINGS.c.earning_minor))) == [0, 5, 6, 7]
    assert put(engine, "f2", [8])
    with reading(engine) as connection:
        columns = results.EARNINGS.c
        kept = connection.execute(select(columns.deal_id, columns.dated_on, columns.earning_minor)).all()
        assert [tuple(row) for row in kept] == [(None, None, 0), ("d", date(2026, 10, 1), 8)]
        latest = results.latest_calculation(connection)
        assert latest is not None
        assert (latest.fingerprint, latest.as_of, latest.plan_versions) == ("f2", NOON.date(), ("v",))
        assert connection.scalar(select(func.count()).select_from(results.CALCULATIONS)) == 2


def test_plans_in_force(engine: Engine) -> None:
    with writing(engine) as connection:
        results.replace_plans(connection, [("h1", "sales", "a"), ("h2", "managers", "b")], NOON)
        results.replace_plans(connection, [("h3", "sales", "c"), ("h2", "managers", "b")], LATER)
        in_force = results.read_plans(connection)
        assert [(plan.name, plan.version, plan.loaded_at) for plan in in_force] == [
            ("managers", "h2", NOON),
            ("sales", "h3", LATER),
        ]
        assert [plan.text for plan in results.read_plans(connection, ["h1"])] == ["a"]
