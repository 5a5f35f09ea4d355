"""What no version stamp tells of is found by sweeping: lost deletions, formulas, silent returns from the bin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bonusbridge.configuration import Configuration
from bonusbridge.demo import crm_source
from bonusbridge.wiring import open_jobs, open_work
from jobs.syncing import StreamLanding
from jobs.work import Source, Work
from mappings.records import Opportunity
from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.whole_path import COMPANY_DAY, configuration, served_company
from warehouse import canonical
from warehouse.database import open_database, reading
from warehouse.landing import LandedVersion, read_cursor, read_latest

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STREAM = "Opportunity"
MAPPING = """
currency: USD
streams:
  Opportunity:
    opportunity:
      fields:
        name: Sector__c
        stage: {path: IsClosed, values: {"false": open, "true": won}}
        stage_name: StageName
        amount: Amount
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@dataclass
class Crm:
    """An org whose opportunities show their account's industry by a formula, and how it is read."""

    org: Org
    clock: Clock
    configuration: Configuration
    folder: Path
    account: str
    deals: list[str]


@pytest.fixture
def crm(database_url: str, tmp_path: Path) -> Iterator[Crm]:
    clock = Clock()
    org = Org(clock)
    org.define(STREAM, {"Sector__c": "formula(Account.Industry)"})
    (account,) = org.insert("Account", [{"Name": "Weyland", "Industry": "Mining"}])
    deal = {"StageName": "Prospecting", "CloseDate": "2026-12-24", "AccountId": account, "Amount": 10}
    deals = org.insert(STREAM, [{"Name": name, **deal} for name in ("first", "second", "third")])
    (tmp_path / "sectors.yaml").write_text(MAPPING)
    with serve(create_app(org)) as url:
        changes = {STREAM: {"add": ["Sector__c"]}}
        source = crm_source(org, url, "sectors.yaml", streams=[STREAM], changes=changes)
        configured = Configuration(database=database_url, worker_id="test", sources={"crm": source})
        clock.pass_by(hours=1)
        yield Crm(org, clock, configured, tmp_path, account, deals)


@dataclass
class Landing:
    """The steps of landing, one after the other and without their workflow."""

    work: Work
    steps: StreamLanding
    source: Source

    def read(self, stream: str = STREAM) -> int:
        """Reads what is new; returns how many versions landed."""
        landed, page = 0, self.steps.next_page("run", self.source, stream)
        while not page.is_last:
            landed, page = landed + page.landed, self.steps.next_page("run", self.source, stream)
        assert page.error == ""
        return landed

    def sweep(self, stream: str = STREAM) -> int:
        """Sweeps all pages; returns how many versions landed."""
        landed, page = 0, self.steps.sweep_page(self.source, stream, "")
        while not page.is_last:
            landed, page = landed + page.landed, self.steps.sweep_page(self.source, stream, page.after)
        assert page.error == ""
        return landed

    def complete_through(self) -> datetime:
        with reading(self.work.engine) as connection:
            position = read_cursor(connection, "crm", STREAM)
        assert position is not None
        return position.complete_through

    def newest(self, ref: str) -> LandedVersion:
        with reading(self.work.engine) as connection:
            found = read_latest(connection, "crm", STREAM, ref)
        assert found is not None
        return found

    def is_deleted(self, *refs: str) -> list[bool]:
        return [self.newest(ref).is_deleted for ref in refs]


@pytest.fixture
def landing(crm: Crm) -> Iterator[Landing]:
    with open_work(crm.configuration, crm.folder, clock=crm.clock) as work:
        yield Landing(work, StreamLanding(work), work.source("crm"))


def test_what_was_complete_stays_so_in_the_middle_of_the_next_read(crm: Crm, landing: Landing) -> None:
    landing.read()
    before = landing.complete_through()
    crm.clock.pass_by(minutes=1)
    pages = 0
    while not landing.steps.next_page("later", landing.source, STREAM).is_last:
        pages += 1
        assert landing.complete_through() >= before
    assert pages > 0
    assert landing.complete_through() > before


def test_a_formula_that_goes_there_and_back_is_followed(crm: Crm, landing: Landing) -> None:
    assert landing.read() == 3
    for industry in ("Shipping", "Mining", "Shipping", "Mining"):
        crm.org.update("Account", [{"Id": crm.account, "Industry": industry}])
        crm.clock.pass_by(minutes=1)
        assert landing.sweep() == 3
        assert landing.sweep() == 0, "nothing has changed since"
        assert f'"Sector__c":"{industry}"' in landing.newest(crm.deals[1]).payload
    assert landing.read() == 0
    assert '"Sector__c":"Mining"' in landing.newest(crm.deals[1]).payload


def test_a_record_that_comes_back_without_a_new_stamp_is_there_again(crm: Crm, landing: Landing) -> None:
    landing.read()
    first, second, _ = crm.deals
    before = crm.org.table(STREAM).rows[first]
    crm.org.delete(STREAM, [first, second])
    crm.clock.pass_by(minutes=1)
    assert landing.steps.deletions(landing.source, STREAM).landed == 2
    assert landing.sweep() == 0, "the feed has told it all"
    crm.org.put(STREAM, before)
    crm.org.undelete(STREAM, [second])
    crm.clock.pass_by(hours=1)
    assert landing.read() == 1
    assert landing.is_deleted(first, second) == [True, False]
    assert landing.sweep() == 1
    assert landing.is_deleted(first, second) == [False, False]


def test_deletions_that_the_feed_forgot_are_a_gap_and_found_by_a_sweep(crm: Crm, landing: Landing) -> None:
    landing.read()
    crm.org.delete(STREAM, crm.deals[:1])
    crm.clock.pass_by(hours=1)
    crm.org.forget_deletions(crm.clock() - timedelta(minutes=30))
    crm.org.delete(STREAM, crm.deals[1:2])
    crm.clock.pass_by(minutes=1)
    found_at = landing.steps.deletions(landing.source, STREAM).gap_found_at
    assert found_at == crm.clock()
    assert landing.steps.deletions(landing.source, STREAM).gap_found_at, "a gap stays until it was swept"
    assert not landing.is_deleted(crm.deals[0])[0]
    landing.sweep()
    assert landing.is_deleted(*crm.deals) == [True, True, False]
    crm.clock.pass_by(minutes=1)
    landing.steps.close_gap(landing.source, STREAM, found_at)
    assert landing.steps.deletions(landing.source, STREAM).gap_found_at is None, "the next look starts after the gap"


def test_a_sync_goes_through_a_gap_and_a_sweep_to_the_canonical_records(crm: Crm) -> None:
    with open_jobs(crm.configuration, crm.folder, clock=crm.clock) as runner, opened(crm) as names:
        assert runner.run("refresh")["failures"] == []
        assert names() == ["Mining", "Mining", "Mining"]
        crm.org.delete(STREAM, crm.deals[:1])
        crm.clock.pass_by(hours=1)
        crm.org.forget_deletions(crm.clock() - timedelta(minutes=30))
        assert runner.run("refresh")["landed"] == 1
        assert names() == ["Mining", "Mining"]
        for industry in ("Shipping", "Mining"):
            crm.org.update("Account", [{"Id": crm.account, "Industry": industry}])
            crm.clock.pass_by(minutes=1)
            assert runner.run("refresh")["landed"] == 0, "no stamp tells of it"
            assert runner.run("sweep")["landed"] == 2
            assert names() == [industry, industry]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_sweep_of_what_has_not_changed_lands_nothing(database_url: str, tmp_path: Path) -> None:
    with served_company() as (_, _, sources):
        configured = configuration(database_url, "demo", sources)
        with open_work(configured, tmp_path, clock=lambda: COMPANY_DAY) as work:
            steps = StreamLanding(work)
            for source in work.sources:
                landing = Landing(work, steps, source)
                assert sum(landing.read(stream) for stream in source.streams) > 100
                assert {stream: landing.sweep(stream) for stream in source.streams} == dict.fromkeys(source.streams, 0)


@contextmanager
def opened(crm: Crm) -> Iterator[Callable[[], list[str]]]:
    """A function that reads the names of the opportunities, which here are their sectors."""
    engine: Engine = open_database(crm.configuration.database)

    def names() -> list[str]:
        with reading(engine) as connection:
            return [each.name for each in canonical.read(connection, "opportunity") if isinstance(each, Opportunity)]

    try:
        yield names
    finally:
        engine.dispose()
