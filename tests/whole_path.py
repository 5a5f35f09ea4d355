"""The whole path for tests: sandbox servers, connectors, jobs and a warehouse, wired as the command line wires them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bonusbridge.configuration import Configuration, SourceConfiguration
from bonusbridge.demo import crm_source, erp_source
from sandbox.company import crm_sales, generate
from sandbox.erp.app import create_app as create_erp
from sandbox.erp.ledger import Ledger
from sandbox.salesforce.app import create_app as create_org
from sandbox.salesforce.org import Org
from sandbox.serving import serve

PLANS = Path(__file__).parents[1] / "bonusbridge" / "plans"
PIPELINE_DAY = datetime(2018, 1, 15, 12, tzinfo=UTC)
COMPANY_DAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
SEED = 7
CUSTOM_FIELDS = {"Opportunity": {"add": ["Product_Name__c", "Engage_Date__c", "External_Id__c"]}}


@contextmanager
def served_pipeline(test_data: Path, page_size: int = 2000) -> Iterator[tuple[Org, SourceConfiguration]]:
    """The public pipeline data set in an org, after its last day, and how to read it."""
    org = Org(lambda: PIPELINE_DAY)
    crm_sales.load(org, test_data / "data" / "crm_sales")
    with serve(create_org(org)) as url:
        yield org, crm_source(org, url, "crm_sales", page_size=page_size, changes=CUSTOM_FIELDS)


@contextmanager
def served_company() -> Iterator[tuple[Org, Ledger, dict[str, SourceConfiguration]]]:
    """The generated company's org and ERP, and how to read them."""
    org, ledger = Org(lambda: COMPANY_DAY), Ledger(lambda: COMPANY_DAY)
    generate(SEED, COMPANY_DAY.date()).fill(org, ledger)
    with ExitStack() as stack:
        crm = stack.enter_context(serve(create_org(org)))
        erp = stack.enter_context(serve(create_erp(ledger)))
        yield org, ledger, {"crm": crm_source(org, crm, "sandbox_crm"), "erp": erp_source(ledger, erp)}


def configuration(database_url: str, plans: str, sources: dict[str, SourceConfiguration]) -> Configuration:
    """``plans`` names a folder of the shipped plans."""
    return Configuration(database=database_url, worker_id="test", plans=(PLANS / plans,), sources=sources)
