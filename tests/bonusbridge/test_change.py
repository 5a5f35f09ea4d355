"""A change in the CRM is on the deal card after one sync, and what was estimated before is kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import Engine

from bonusbridge.configuration import SourceConfiguration
from bonusbridge.wiring import open_jobs
from compensation import DealEstimate
from mappings.records import Employee, Opportunity, Stage
from mashup_api.app import create_app
from mashup_api.issuer import Issuer, Person
from sandbox.salesforce.store.values import Value
from sandbox.serving import serve
from tests.mashup_api.world import AUDIENCE, settings
from tests.whole_path import COMPANY_DAY, configuration, served_company
from warehouse import canonical, results
from warehouse.database import open_database, reading
from warehouse.reader import open_reader


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
            shown_before = on_the_card(database_url, engine, deal, now)
            now += timedelta(minutes=1)
            items = [row for row in org.records("OpportunityLineItem") if row["OpportunityId"] == deal.ref]
            double_prices(sources["crm"], items)
            second = runner.run("refresh")
            shown_after = on_the_card(database_url, engine, deal, now)
    assert second["failures"] == []
    assert 0 < second["landed"] < 10
    with reading(engine) as connection:
        history = results.estimate_history(connection, str(deal.key), str(deal.owner_key))
    old, new = (DealEstimate.model_validate_json(each.estimate.document) for each in history)
    assert amount(new) == 2 * amount(old)
    assert Decimal(new.total.amount) > Decimal(old.total.amount)
    assert [each.retired_at is None for each in history] == [False, True]
    assert (shown_before, shown_after) == (old, new)
    engine.dispose()


def on_the_card(database_url: str, engine: Engine, deal: Opportunity, now: datetime) -> DealEstimate:
    """What the card of the deal's owner is given by the API."""
    assert deal.owner_key is not None
    with reading(engine) as connection:
        (owner,) = canonical.read(connection, "employee", keys=[deal.owner_key])
    assert isinstance(owner, Employee)
    assert owner.email is not None
    issuer = Issuer("https://issuer.example", AUDIENCE, [Person(owner.email, owner.name)], lambda: datetime.now(UTC))
    api = create_app(
        settings(issuer), engine=engine, reader=open_reader(database_url), clock=lambda: now, time_zone=ZoneInfo("UTC")
    )
    with serve(api) as url:
        path = f"{url}/v1/deals/{deal.source}/{deal.ref}/estimate"
        headers = {"Authorization": f"Bearer {issuer.mint(owner.email)}"}
        answer = httpx.get(path, headers=headers, trust_env=False)
    answer.raise_for_status()
    return DealEstimate.model_validate(answer.json()["estimate"])


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
