"""What canonical records refuse, so that it is one record's matter and not everybody's."""

import json
from typing import Any

import pytest

from mappings.errors import Unmappable
from mappings.language import load_shipped
from mappings.records import Opportunity

LIMIT = 1_000_000_000


def read(quantity: object) -> Opportunity:
    payload: dict[str, Any] = {
        "Id": "006",
        "Name": "Deal",
        "Amount": None,
        "StageName": "Prospecting",
        "CurrencyIsoCode": "USD",
        "IsClosed": False,
        "IsWon": False,
        "OpportunityLineItems": {"records": [{"Id": "1", "Quantity": quantity, "TotalPrice": 1}]},
    }
    applied = load_shipped("salesforce").apply("Opportunity", "crm", "006", None, json.dumps(payload))
    (found,) = (record for record in applied.records if isinstance(record, Opportunity))
    return found


@pytest.mark.parametrize("quantity", [LIMIT, -LIMIT])
def test_a_quantity_up_to_a_thousand_million_is_taken(quantity: int) -> None:
    assert read(quantity).lines[0].quantity == quantity


@pytest.mark.parametrize("barcode", [40063813339310, -40063813339310, LIMIT + 1, "1000000000.000001"])
def test_a_barcode_in_a_lines_quantity_refuses_that_record(barcode: object) -> None:
    with pytest.raises(
        Unmappable, match="is more than 1,000,000,000, which no quantity is; mend the record"
    ) as refused:
        read(barcode)
    assert "quantity" in refused.value.field
