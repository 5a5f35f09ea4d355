"""A random working day of an org: late commits, ties, children, deletions, crashes. In the end all is there."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.protocol import Connector, Cursor
from tests.acceptance.salesforce_org import SalesforceOrg

LATEST_COMMIT = 240
Known = dict[str, tuple[str, tuple[str, ...]]]


@pytest.fixture
def system() -> Iterator[SalesforceOrg]:
    with SalesforceOrg.started() as counterpart:
        counterpart.org.batch_sizes = (1, 7)
        yield counterpart


class Copy:
    """What a job would have: the last version of each deal, as its amount and the ids of its lines."""

    def __init__(self, system: SalesforceOrg, throw: random.Random) -> None:
        self._system, self._throw = system, throw
        self._cursor: Cursor | None = None
        self._deletions_since = system.now()
        self.known: Known = {}

    def sync(self, connector: Connector, *, may_crash: bool) -> None:
        until = self._system.now()
        for page in connector.read("Opportunity", self._cursor, until):
            if may_crash and self._throw.random() < 0.1:
                return  # the page was fetched, but neither it nor its cursor was kept
            self.known |= {record.ref: seen(record.payload) for record in page.records}
            self._cursor = page.cursor
        deletions = connector.read_deleted("Opportunity", self._deletions_since - timedelta(seconds=600), until)
        for tombstone in deletions.tombstones:
            self.known.pop(tombstone.ref, None)
        self._deletions_since = until


def seen(payload: str) -> tuple[str, tuple[str, ...]]:
    record = json.loads(payload, parse_float=str, parse_int=str)
    lines = (record["OpportunityLineItems"] or {"records": []})["records"]
    return str(Decimal(record["Amount"])), tuple(sorted(line["Id"] for line in lines))


def there(system: SalesforceOrg) -> Known:
    lines = [(str(line["OpportunityId"]), str(line["Id"])) for line in system.org.records("OpportunityLineItem")]
    return {
        ref: (str(Decimal(str(row["Amount"]))), tuple(sorted(line for deal, line in lines if deal == ref)))
        for row in system.org.records("Opportunity")
        for ref in [str(row["Id"])]
    }


def something_happens(system: SalesforceOrg, throw: random.Random) -> None:
    deals = sorted(system.refs())
    stamped = system.now() - timedelta(seconds=throw.choice([0, 0, throw.randint(0, LATEST_COMMIT)]))
    deal = throw.choice(deals) if deals else ""
    amount = Decimal(throw.randint(1, 10**6)) / 100
    match throw.choice(["new", "new", "amount", "line", "line", "no line", "gone"]) if deals else "new":
        case "new":
            system.put([amount] * throw.randint(1, 4), stamped=stamped)
        case "amount":
            system.org.update("Opportunity", [{"Id": deal, "Amount": amount}], at=system.now())
        case "line":
            system.org.insert("OpportunityLineItem", [{"OpportunityId": deal, "Quantity": 1}], at=stamped)
        case "no line":
            lines = [str(row["Id"]) for row in system.org.records("OpportunityLineItem")]
            system.org.delete("OpportunityLineItem", lines[:1])
        case "gone":
            system.delete(deal)


@pytest.mark.parametrize("seed", range(2))
def test_a_random_day_ends_with_the_same_records(system: SalesforceOrg, seed: int) -> None:
    throw = random.Random(seed)  # noqa: S311 - a test's dice
    copy, connector = Copy(system, throw), system.connect()
    for _ in range(60):
        system.let_pass(throw.randint(0, 90))
        something_happens(system, throw)
        if throw.random() < 0.2:
            copy.sync(connector, may_crash=True)
    for _ in range(2):
        system.let_pass(700)
        copy.sync(connector, may_crash=False)
    assert copy.known == there(system)
    assert len(copy.known) > 10
