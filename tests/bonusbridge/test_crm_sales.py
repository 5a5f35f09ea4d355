"""The public pipeline data set all the way: CSV, org, Salesforce API, connector, mapping, warehouse, estimates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bonusbridge.configuration import Configuration
from bonusbridge.wiring import open_jobs
from compensation import DealEstimate
from jobs.runner import Runner
from jobs.workflows import Outcome
from mappings.records import Opportunity, Product, Stage
from sandbox.salesforce.org import Org
from tests.whole_path import PIPELINE_DAY, configuration, served_pipeline
from warehouse import canonical, results
from warehouse.database import open_database, reading
from warehouse.digest import digest

OPPORTUNITIES, WON_VALUE, GTX_PRO, NO_ACCOUNT, NO_VALUE = 8_800, 10_005_534, 1_480, 1_425, 2_089


@dataclass(frozen=True)
class Pipeline:
    """The data set after its first sync."""

    org: Org
    configuration: Configuration
    engine: Engine
    first: Outcome

    def opportunities(self) -> list[Opportunity]:
        with reading(self.engine) as connection:
            return [each for each in canonical.read(connection, "opportunity") if isinstance(each, Opportunity)]

    def estimates(self) -> dict[tuple[str, str], DealEstimate]:
        with reading(self.engine) as connection:
            stored = [each.estimate for each in results.current_estimates(connection)]
        return {(each.deal_id, each.payee_id): DealEstimate.model_validate_json(each.document) for each in stored}


@pytest.fixture
def pipeline(database_url: str, test_data: Path, tmp_path: Path) -> Iterator[Pipeline]:
    with served_pipeline(test_data) as (org, source):
        configured = configuration(database_url, "crm_sales", {"crm": source})
        outcome = refresh(configured, tmp_path)
        engine = open_database(database_url)
        yield Pipeline(org, configured, engine, outcome)
        engine.dispose()


def refresh(configured: Configuration, folder: Path, later: timedelta = timedelta(0)) -> Outcome:
    with open_jobs(configured, folder, clock=lambda: PIPELINE_DAY + later) as runner:
        return run(runner)


def run(runner: Runner) -> Outcome:
    outcome: Outcome = runner.run("refresh")
    assert outcome["failures"] == []
    return outcome


def test_the_public_pipeline_arrives_whole_and_is_estimated(pipeline: Pipeline, tmp_path: Path) -> None:
    opportunities = pipeline.opportunities()
    assert len(opportunities) == OPPORTUNITIES
    won = [each.amount for each in opportunities if each.stage is Stage.WON]
    assert sum(amount.amount for amount in won if amount) == Decimal(WON_VALUE)
    assert {amount.currency for amount in won if amount} == {"USD"}
    assert pipeline.first["rejected"] == 0
    assert pipeline.first["warnings"] == {"customer missing": NO_ACCOUNT, "amount missing": NO_VALUE}
    every_gtx_pro_deal_finds_its_product(pipeline, opportunities)
    every_open_deal_has_an_estimate_for_its_agent(pipeline, opportunities)
    a_second_sync_reads_and_changes_nothing(pipeline, tmp_path)


def every_gtx_pro_deal_finds_its_product(pipeline: Pipeline, opportunities: list[Opportunity]) -> None:
    with reading(pipeline.engine) as connection:
        products = [each for each in canonical.read(connection, "product") if isinstance(each, Product)]
    (gtx_pro,) = (product for product in products if product.name == "GTX Pro")
    keys = [line.product_key for opportunity in opportunities for line in opportunity.lines]
    assert keys.count(gtx_pro.key) == GTX_PRO
    assert set(keys) <= {product.key for product in products}


def every_open_deal_has_an_estimate_for_its_agent(pipeline: Pipeline, opportunities: list[Opportunity]) -> None:
    """No open deal of the data set has a value; the mapping lets its product's list price stand in."""
    estimates = pipeline.estimates()
    still_open = [each for each in opportunities if each.stage is Stage.OPEN]
    assert len(still_open) == NO_VALUE
    for deal in still_open:
        estimate = estimates[str(deal.key), str(deal.owner_key)]
        assert estimate.status == "estimated"
        assert estimate.deal.amount_basis == "list_price"
        assert Decimal(estimate.total.amount) > 0


def a_second_sync_reads_and_changes_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    with reading(pipeline.engine) as connection:
        before = digest(connection)
    second = refresh(pipeline.configuration, tmp_path)
    assert second["read"] < 10
    assert (second["landed"], second["mapped"], second["deals"], second["estimates"]) == (0, 0, 0, 0)
    with reading(pipeline.engine) as connection:
        assert digest(connection) == before
