"""Mapping opportunities from JSON text, against pydantic validating the same records from ready-made dicts."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import process_time

from mappings.language import load_shipped
from mappings.records import Opportunity
from tests.benchmarks import Result

COUNT = 20_000
_AT = datetime(2026, 3, 1, tzinfo=UTC)


def run() -> Iterator[Result]:
    mapping = load_shipped("salesforce")
    payloads = [_payload(number) for number in range(COUNT)]

    def map_all() -> list[object]:
        return [mapping.apply("Opportunity", "crm", "006", _AT, payload).records[0] for payload in payloads]

    ready = [record.model_dump() for record in map_all() if isinstance(record, Opportunity)]
    ratio = _fastest(map_all) / _fastest(lambda: [Opportunity.model_validate(values) for values in ready])
    yield Result("mapping", ratio, 3.0, f"{COUNT} opportunities with lines, JSON to records: pydantic on ready dicts")


def _fastest(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


def _payload(number: int) -> str:
    day = f"{number % 28 + 1:02d}"
    lines = [
        {"Id": f"00k{place}", "Product2Id": f"01t{place}", "Name": "Item", "Quantity": 2.0, "TotalPrice": 100.5}
        for place in range(2)
    ]
    values = {
        "Id": f"006{number:015d}",
        "Name": f"Deal {number}",
        "AccountId": f"001{number % 500:015d}",
        "OwnerId": f"005{number % 40:015d}",
        "StageName": "Closed Won",
        "IsClosed": True,
        "IsWon": number % 3 == 0,
        "Amount": number + 0.25,
        "CurrencyIsoCode": "USD",
        "CloseDate": f"2026-03-{day}",
        "Probability": 100,
        "CreatedDate": f"2026-01-{day}T10:00:00.000+0000",
        "OpportunityLineItems": {"totalSize": 2, "done": True, "records": lines},
        "OpportunitySplits": None,
    }
    return json.dumps(values)
