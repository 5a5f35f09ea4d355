"""A small company in a warehouse: who sells what, who is above whom, two plans, and the estimates of all open deals.

| deal | who takes part |
| --- | --- |
| ``006CONTOSO`` | Ada |
| ``006ADATUM`` | Bo |
| ``006JOINT`` | Ada 60 %, Bo 40 % |
| ``006NORTH`` | Ola, of another team |
| ``006LEAVER`` | Gus, who has left |
| ``006ORPHAN`` | nobody |
| ``006BLANK`` | Ada; it has no amount |
| ``006WON`` | Ada; it is won |

Mia manages Ada and Bo, Vic manages Mia; Ned manages Ola. Zoe is the administrator and no employee.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from compensation import Facts, Plan, estimate_deals, parse_plan, propose
from mappings.deals import join
from mappings.money import Money
from mappings.records import (
    Assignment,
    CanonicalRecord,
    Customer,
    Employee,
    Key,
    Line,
    MissingAmount,
    Opportunity,
    Product,
    Quota,
    Share,
    Stage,
)
from mashup_api.issuer import Issuer, Person
from mashup_api.settings import ApiSettings, TokenSettings
from warehouse import canonical, landing, results
from warehouse.canonical import deals
from warehouse.database import reading, writing
from warehouse.facts import read_facts

TODAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
ADMINISTRATOR = "bonusbridge-administrator"
AUDIENCE = "bonusbridge"

PEOPLE = {
    "ada": Person("ada@example.com", "Ada Park"),
    "bo": Person("bo@example.com", "Bo Li"),
    "mia": Person("mia@example.com", "Mia Rossi"),
    "vic": Person("vic@example.com", "Vic Stone"),
    "ola": Person("ola@example.com", "Ola Berg"),
    "ned": Person("ned@example.com", "Ned Holm"),
    "gus": Person("gus@example.com", "Gus Ash"),
    "zoe": Person("zoe@example.com", "Zoe Quinn", (ADMINISTRATOR,)),
    "eve": Person("eve@example.com", "Eve Nobody"),
}

PLANS = {
    "sellers.yaml": """
plan: Account executives
currency: USD
effective: {from: 2024-01-01}
applies_to: {titles: [Account Executive]}
components:
  - component: commission
    title: {en: Commission, zh-Hans: 销售提成}
    credited_on: booking
    credit_to: owners
    measure: revenue
    period: quarter
    payout:
      marginal_tiers:
        - {from: 0%, to: 100%, rate: 5%}
        - {from: 100%, rate: 8%}
  - component: launch
    title: {en: GTX launch bonus, zh-Hans: GTX 新品奖励}
    credited_on: booking
    credit_to: owners
    measure: quantity
    period: quarter
    filter: {products: [GTX Pro]}
    payout: {per_unit: 25}
""",
    "managers.yaml": """
plan: Sales managers
currency: USD
effective: {from: 2024-01-01}
applies_to: {titles: [Sales Manager, Sales Director]}
components:
  - component: override
    title: {en: Team override, zh-Hans: 团队提成}
    credited_on: booking
    credit_to: all_managers
    measure: revenue
    period: quarter
    payout: {rate: 1%}
""",
}


def key(ref: str) -> Key:
    return Key(source="crm", ref=ref)


def usd(amount: str) -> Money:
    return Money.of(Decimal(amount), "USD")


def payee_id(name: str) -> str:
    return f"crm:005{name.upper()}"


def _employee(name: str, title: str, manager: str | None, *, is_active: bool = True) -> Employee:
    assignment = Assignment(
        from_on=date(2024, 1, 1), title=title, manager_key=None if manager is None else key(f"005{manager.upper()}")
    )
    person = PEOPLE[name]
    return Employee(
        source="crm",
        ref=f"005{name.upper()}",
        name=person.name,
        email=person.email,
        is_active=is_active,
        pay_currency="USD",
        assignments=(assignment,),
    )


def _deal(ref: str, name: str, amount: str | None, owner: str | None, **changes: object) -> Opportunity:
    fields: dict[str, object] = {
        "source": "crm",
        "ref": ref,
        "name": name,
        "stage": Stage.OPEN,
        "stage_name": "Negotiation",
        "amount": None if amount is None else usd(amount),
        "currency": "USD",
        "close_on": date(2026, 12, 10),
        "customer_key": key("001CONTOSO"),
        "owner_key": None if owner is None else key(f"005{owner.upper()}"),
        "when_amount_missing": MissingAmount.NONE,
    }
    return Opportunity.model_validate(fields | changes)


def _quota(name: str, amount: str) -> Quota:
    return Quota(
        source="crm",
        ref=f"Q-{name}",
        employee_key=key(f"005{name.upper()}"),
        from_on=date(2026, 10, 1),
        to_on=date(2027, 1, 1),
        amount=usd(amount),
    )


def records() -> Iterator[CanonicalRecord]:
    """All records of the company."""
    yield Customer(source="crm", ref="001CONTOSO", name="Contoso")
    yield Product(source="crm", ref="01tGTX", name="GTX Pro", list_price=usd("4821"))
    yield _employee("vic", "Sales Director", None)
    yield _employee("mia", "Sales Manager", "vic")
    yield _employee("ada", "Account Executive", "mia")
    yield _employee("bo", "Account Executive", "mia")
    yield _employee("ned", "Sales Manager", None)
    yield _employee("ola", "Account Executive", "ned")
    yield _employee("gus", "Account Executive", "ned", is_active=False)
    for name in ("ada", "bo", "ola", "gus"):
        yield _quota(name, "500000")
    lines = (
        Line(ref="1", product_key=key("01tGTX"), quantity=Decimal(4), amount=usd("20000")),
        Line(ref="2", amount=usd("105000")),
    )
    yield _deal("006CONTOSO", "Contoso rollout", "125000", "ada", lines=lines)
    yield _deal("006ADATUM", "Adatum pilot", "24000", "bo")
    shares = (
        Share(employee_key=key("005ADA"), ratio=Decimal("0.6")),
        Share(employee_key=key("005BO"), ratio=Decimal("0.4")),
    )
    yield _deal("006JOINT", "Fabrikam renewal", "64000", "ada", shares=shares)
    yield _deal("006NORTH", "Nordwind lease", "90000", "ola")
    yield _deal("006LEAVER", "Litware upgrade", "50000", "gus")
    yield _deal("006ORPHAN", "Lamna trial", "7000", None)
    yield _deal("006BLANK", "Tailspin idea", None, "ada")
    yield _deal("006WON", "Wingtip fleet", "412000", "ada", stage=Stage.WON, close_on=date(2026, 10, 20))


def plans() -> list[Plan]:
    return [parse_plan(text, name) for name, text in PLANS.items()]


def fill(engine: Engine, extra: Callable[[], Iterator[CanonicalRecord]] = lambda: iter(())) -> None:
    """Puts the company (and ``extra`` records) into an empty warehouse, and calculates."""
    found = [*records(), *extra()]
    with writing(engine) as connection:
        landing.save_cursor(connection, "crm", "Opportunity", "", NOON, NOON)
        canonical.put(connection, found, landing_ids=[1] * len(found), mapping_version="test")
        deals.replace(connection, join(found))
        stored = [(plan.version, name, PLANS[name]) for plan, name in zip(plans(), PLANS, strict=True)]
        results.replace_plans(connection, stored, NOON)
    calculate(engine)


def calculate(engine: Engine) -> None:
    """Estimates every open deal for everybody, as the calculation job does."""
    with reading(engine) as connection:
        facts = Facts(**read_facts(connection, as_of=TODAY))
    standing = [propose(deal_id) for deal_id, stage in facts.deals.select("deal_id", "stage").rows() if stage == "open"]
    found = [
        results.Estimate(
            deal_id=estimate.scenario,
            payee_id=estimate.payee.id,
            inputs_hash=estimate.to_json().hex(),
            document=estimate.to_json(),
            total_minor=int(Decimal(estimate.total.amount) * 100),
            currency=estimate.total.currency or "USD",
            plan_versions=estimate.plan_versions,
        )
        for estimate in estimate_deals(facts, plans(), standing, as_of=TODAY)
    ]
    with writing(engine) as connection:
        results.put_estimates(connection, found, NOON)


def open_issuer(url: str) -> Issuer:
    """The company's identity provider."""
    return Issuer(url, AUDIENCE, PEOPLE.values(), lambda: datetime.now(UTC))


def settings(issuer: Issuer, **changes: object) -> ApiSettings:
    """Settings that believe ``issuer``."""
    tokens = TokenSettings(issuer=issuer.url, audience=AUDIENCE, jwks=issuer.jwks())
    return ApiSettings.model_validate({"tokens": tokens, **changes})
