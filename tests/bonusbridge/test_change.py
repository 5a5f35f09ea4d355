"""A change in the CRM is on the deal card after one sync, and what was estimated before is kept."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
from sqlalchemy import Engine

from bonusbridge.configuration import SourceConfiguration
from bonusbridge.wiring import open_jobs
from compensation import DealEstimate
from mappings.records import Opportunity, Stage
from sandbox.salesforce.store.values import Value
from tests.whole_path import COMPANY_DAY, configuration, served_company
from warehouse import canonical, results
from warehouse.database import open_database, reading


def test_a_changed_price_is_estimated_after_one_sync_and_the_old_estimate_is_kept(
    database_url: str, tmp_path: Path
) -> None:
    engine = open_database(database_url)
    now = COMPANY_DAY
    with served_company() as (org, _, sources):
        org.now = lambda: now
        configured = configuration(database_url, "demo", sources)
        with open_jobs(configured, tmp_path, clock=lambda: now) as runner:
            assert runner.run("refresh")["failures"] == []
            deal = largest_open_deal(engine)
            now += timedelta(minutes=1)
            items = [row for row in org.records("OpportunityLineItem") if row["OpportunityId"] == deal.ref]
            double_prices(sources["crm"], items)
            second = runner.run("refresh")
    assert second["failures"] == []
    assert 0 < second["landed"] < 10
    with reading(engine) as connection:
        history = results.estimate_history(connection, str(deal.key), str(deal.owner_key))
    old, new = (DealEstimate.model_validate_json(each.estimate.document) for each in history)
    assert amount(new) == 2 * amount(old)
    assert Decimal(new.total.amount) > Decimal(old.total.amount)
    assert [each.retired_at is None for each in history] == [False, True]
    engine.dispose()


def largest_open_deal(engine: Engine) -> Opportunity:
    with reading(engine) as connection:
        opportunities = [each for each in canonical.read(connection, "opportunity") if isinstance(each, Opportunity)]
    still_open = [each for each in opportunities if each.stage is Stage.OPEN and each.amount]
    return max(still_open, key=lambda deal: deal.amount.minor if deal.amount else 0)


def double_prices(crm: SourceConfiguration, items: Sequence[Mapping[str, Value]]) -> None:
    """As somebody would in the CRM: the deal's amount follows its lines."""
    url, login = crm.settings["instance_url"], crm.settings["login"]
    form = {
        "grant_type": "client_credentials",
        "client_id": login["client_id"],
        "client_secret": login["client_secret"].get_secret_value(),
    }
    with httpx.Client(base_url=url, trust_env=False) as http:
        token = http.post("/services/oauth2/token", data=form).json()["access_token"]
        for row in items:
            answer = http.patch(
                f"/services/data/v62.0/sobjects/OpportunityLineItem/{row['Id']}",
                json={"UnitPrice": str(Decimal(str(row["UnitPrice"])) * 2)},
                headers={"Authorization": f"Bearer {token}"},
            )
            answer.raise_for_status()


def amount(estimate: DealEstimate) -> Decimal:
    assert estimate.deal.amount is not None
    return Decimal(estimate.deal.amount.amount)
