"""From the warehouse to files, and from files to what everybody is paid, by the command line."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from bonusbridge.large.calculating import read_results
from bonusbridge.plan_commands.history import of_folder
from tests.bonusbridge.small_company import SmallCompany, fill, served_company
from warehouse.database import open_database, reading
from warehouse.results import EARNINGS

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[SmallCompany]:
    """It has sold once, for 120,000, and read everything into its warehouse."""
    with served_company(tmp_path, database_url) as small:
        staff = fill(small)
        won = {"StageName": "Closed Won", "CloseDate": "2026-02-10", "AccountId": staff.customer}
        small.deal("Pumps", Decimal("120000.00"), staff.rep, **won)
        small.write()
        small.run("sync")
        yield small


@ON_SQLITE
def test_exported_facts_pay_what_the_warehouse_pays(company: SmallCompany, database_url: str, tmp_path: Path) -> None:
    facts, results = str(tmp_path / "facts"), tmp_path / "results"
    exported = company.try_out("export", facts)
    assert (exported.code, "exported to" in exported.output) == (0, True)
    asked = ("calculate", "--data", facts, "--as-of", "2026-12-31")
    kept = company.try_out(*asked, "--out", str(results), "--partitions", "3")
    assert (kept.code, "6,600.00 USD" in kept.output) == (0, True)
    engine = open_database(database_url)
    with reading(engine) as connection:
        stored = connection.execute(select(EARNINGS.c.earning_minor)).scalars().all()
    engine.dispose()
    assert [minor for minor in stored if minor] == [660_000]
    assert read_results(results, "lines")["earning_minor"].to_list() == [660_000]
    assert read_results(results, "payments")["paid_minor"].to_list() == [660_000]
    history, _ = of_folder(Path(facts), None)
    assert history.transactions["kind"].sort().to_list() == ["booking", "expected", "order"]


@ON_SQLITE
def test_what_was_asked_wrongly_is_said(company: SmallCompany, tmp_path: Path) -> None:
    facts = str(tmp_path / "facts")
    assert (
        "write some with 'bonusbridge export'"
        in company.try_out("calculate", "--data", facts, "--as-of", "2026-12-31").output
    )
    company.try_out("export", facts)
    assert "is not empty; name a new folder" in company.try_out("export", facts).output
    unsaid = company.try_out("calculate", "--data", facts)
    assert (unsaid.code, "--as-of" in unsaid.output) == (2, True)
