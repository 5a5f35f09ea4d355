"""Records that cannot be right are kept with their reason until they can be mapped; all others go through."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from mappings.records import Opportunity
from tests.bonusbridge.small_company import MAPPING, SmallCompany, Staff, fill, served_company
from warehouse import canonical
from warehouse.database import open_database, reading

# What the CRM holds, and what it is changed into on the wire: no store would take it, a broken middleware sends it.
ON_THE_WIRE = {
    b"77701.0": b"1e400",
    b"77702.0": b"1e99999999999",
    b"77703.0": b"1234567890123456789012",
    b"Deal 4": b"Deal \\u0000 4",
}
REASONS = (
    "amount has 401 digits before the point",
    "amount has 100000000000 digits before the point",
    "amount has 22 digits before the point",
    "name has a NUL character; remove it in the source",
    "sector is a value that the mapping does not know; add it to `values`",
)


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[SmallCompany]:
    with served_company(tmp_path, database_url) as small:
        small.write()
        yield small
        shown = "\n".join(small.outputs)
        assert not [secret for secret in small.secrets() if secret in shown]


@pytest.fixture
def staff(company: SmallCompany) -> Staff:
    return fill(company)


def opportunities(company: SmallCompany) -> dict[str, Opportunity]:
    engine = open_database(company.environment["DATABASE_URL"])
    with reading(engine) as connection:
        found = [each for each in canonical.read(connection, "opportunity") if isinstance(each, Opportunity)]
    engine.dispose()
    return {each.name: each for each in found}


def test_what_cannot_be_right_is_kept_with_its_reason_and_the_rest_goes_through(
    company: SmallCompany, staff: Staff
) -> None:
    for number in range(1, 5):
        company.deal(f"Deal {number}", Decimal(77700 + number), staff.rep)
    company.deal("Below zero", Decimal("-50.25"), staff.rep)
    company.deal("Eighteen digits", Decimal("9999999999999999.99"), staff.rep)
    orphan = company.deal("Nobody's", Decimal("10.00"), None)
    company.org.insert("Account", [{"Name": "Ore", "Industry": "Mining"}])
    company.wire.changes = dict(ON_THE_WIRE)
    synced = company.run("sync")
    assert (synced.code, "1 owner missing" in synced.output) == (0, True)
    shown = company.try_out("jobs").output
    assert [reason for reason in REASONS if reason not in shown] == []
    arrived = opportunities(company)
    assert {name: str(deal.amount) for name, deal in arrived.items()} == {
        "Renewal": "120000.00 USD",
        "Below zero": "-50.25 USD",
        "Eighteen digits": "9999999999999999.99 USD",
        "Nobody's": "10.00 USD",
    }
    ownerless = company.try_out("estimate", "crm", orphan)
    assert (ownerless.code, "nobody takes part in it" in ownerless.output) == (1, True)
    a_mended_source_and_mapping_leave_no_reject(company)


def a_mended_source_and_mapping_leave_no_reject(company: SmallCompany) -> None:
    """The source by another version of its records, the mapping by replaying what has landed."""
    company.wire.changes = {}
    for row in company.org.records("Opportunity"):
        company.org.update("Opportunity", [{"Id": row["Id"], "NextStep": "call"}])
    assert company.run("sync").code == 0
    assert len(opportunities(company)) == 8
    assert "does not know" in company.try_out("jobs").output
    mended = MAPPING.replace("{Banking: Banking}", "{Banking: Banking, Mining: Mining}")
    (company.folder / "crm.yaml").write_text(mended, encoding="utf-8")
    assert company.run("normalise").code == 0
    assert "Rejected because" not in company.try_out("jobs").output
    (company.folder / "crm.yaml").write_text(MAPPING, encoding="utf-8")
    assert company.run("normalise").code == 0
    assert len(opportunities(company)) == 8, "going back to an earlier mapping loses nothing"
    assert "does not know" in company.try_out("jobs").output


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("sent", "arriving"), [(b"120000.0", b"NaN"), (b"Renewal", b"\\ud800")])
def test_an_answer_that_is_no_json_fails_its_stream_alone(
    company: SmallCompany, staff: Staff, sent: bytes, arriving: bytes
) -> None:
    company.wire.changes = {sent: arriving}
    synced = company.run("sync")
    assert (synced.code, "failed: crm/Opportunity: the answer is broken off or garbled" in synced.output) == (1, True)
    assert "4 read, 4 new, 4 mapped" in synced.output
    assert opportunities(company) == {}
    company.wire.changes = {}
    assert company.run("sync").code == 0
    assert list(opportunities(company)) == ["Renewal"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_deal_beyond_all_pay_loses_its_own_estimate_only(company: SmallCompany, staff: Staff) -> None:
    other = {"LastName": "Other", "Username": "otto@small.example", "Title": "Account Executive"}
    beyond = company.deal("Beyond all pay", Decimal("13579.00"), *company.org.insert("User", [other]))
    company.wire.changes = {b"13579.0": b"90000000000000000.0"}
    synced = company.run("sync")
    assert synced.code == 1
    assert f"crm:{beyond} was not estimated" in synced.output
    assert company.try_out("estimate", "crm", staff.deal).code == 0
    assert company.try_out("estimate", "crm", beyond).code == 1
