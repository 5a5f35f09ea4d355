"""Generated companies: people, deals, documents and everything else that plans look at, as rows of the facts."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from tests.compensation.oracle.company import Row

YEAR = 2026
FIRST, LAST = date(YEAR, 1, 1), date(YEAR, 12, 31)
MILLION = 1_000_000
REPS = [f"r{number}" for number in range(8)]
TEAMS, REGIONS, CHANNELS = ("Alpha", "Beta", "Gamma"), ("North", "South"), ("Direct", "Partner")
CUSTOMERS, PRODUCTS = ("Acme", "Bolt", "Cord", "Dyno"), {"Pump": "Hardware", "Valve": "Hardware", "Suite": "Software"}
TYPES, GRADES = ("standard", "sample", "repeat"), ("gold", "silver")
MONEY_FIELD, NUMBER_FIELD = "contract_value", "seats"
EVENTS = ("booking", "order", "invoice", "receipt")
RATES = {"EUR": ("1.0845", "1.1203"), "JPY": ("0.0067", "0.00713")}

Rows = dict[str, list[Row]]


def company(random: Random, size: int = 60) -> Rows:
    """A year of a company of a dozen people; ``size`` documents, and returns of some of them."""
    rows: Rows = {"assignments": list(_assignments(random)), "currencies": [], "rates": [], "deals": []}
    for currency, exponent in (("USD", 2), ("EUR", 2), ("JPY", 0)):
        rows["currencies"].append({"currency": currency, "exponent": exponent})
    for currency, dated in RATES.items():
        for day, rate in zip((date(YEAR - 1, 6, 1), date(YEAR, 5, 17)), dated, strict=True):
            rows["rates"].append({"from_currency": currency, "to_currency": "USD", "valid_from": day, "rate": rate})
    deals = [f"d{number}" for number in range(max(4, size // 4))]
    rows["participants"] = [row for deal in deals for row in _participants(random, deal)]
    rows["transactions"], rows["measures"], rows["attributes"] = _documents(random, deals, size)
    rows["quotas"] = list(_quotas(random))
    rows["targets"] = []
    rows["coverage"] = list(_coverage(random))
    rows["metrics"] = list(_metrics(random))
    rows["factors"] = [
        {
            **_span(random, 12),
            "payee_id": payee,
            "modifier": "judgement",
            "factor": str(random.choice(("0.8", "1.1", "7/6"))),
            "author": "m0",
            "reason": "review",
        }
        for payee in random.sample(REPS, 3)
    ]
    rows["absences"] = [{"payee_id": payee, **_span(random, 2)} for payee in random.sample(REPS, 2)]
    return rows


def people() -> list[str]:
    return [*REPS, "s0", "m0", "m1", "v0"]


def _assignments(random: Random) -> Iterator[Row]:
    leaver, joiner, mover = random.sample(REPS, 3)
    for payee in people():
        title = {"r": "Rep", "s": "Specialist", "m": "Manager", "v": "Director"}[payee[0]]
        manager = {"r": random.choice(("m0", "m1")), "s": "m0", "m": "v0", "v": None}[payee[0]]
        row = {
            "payee_id": payee,
            "name": payee.upper(),
            "email": None,
            "title": title,
            "region": random.choice((*REGIONS, None)),
            "channel": random.choice(CHANNELS),
            "manager_id": manager,
            "pay_currency": random.choice(("USD", "USD", "EUR")),
            "from_on": date(YEAR - 1, 1, 1),
            "to_on": None,
            "team": random.choice(TEAMS),
            "salary_minor": random.randrange(3_000_000, 9_000_000),
            "hired_on": date(YEAR - random.randrange(3), random.randrange(1, 13), random.randrange(1, 29)),
            "successor_id": None,
        }
        if payee == leaver:
            row |= {
                "to_on": date(YEAR, random.randrange(5, 12), random.choice((1, 16))),
                "successor_id": _other(random, payee),
            }
        if payee == joiner:
            day = date(YEAR, random.randrange(2, 9), random.choice((1, 12)))
            row |= {"from_on": day, "hired_on": day}
        if payee == mover:
            day = date(YEAR, random.choice((4, 7)), 1)
            yield {**row, "to_on": day}
            row |= {"from_on": day, "region": random.choice(REGIONS), "manager_id": random.choice(("m0", "m1"))}
        yield row


def _other(random: Random, payee: str) -> str:
    return random.choice([each for each in REPS if each != payee])


def _span(random: Random, months: int) -> Row:
    start = date(YEAR, random.randrange(1, 13), random.choice((1, 1, 10)))
    return {"from_on": start, "to_on": start + timedelta(days=random.randrange(5, 30 * months))}


def _participants(random: Random, deal: str) -> Iterator[Row]:
    owners = random.sample(REPS, random.choice((1, 1, 2, 3)))
    cuts = sorted(random.randrange(MILLION) for _ in owners[1:])
    if random.random() < 0.05:
        cuts = [cut // 2 for cut in cuts]
    bounds = [0, *cuts, MILLION if random.random() < 0.93 else 900_000]
    for owner, low, high in zip(owners, bounds, bounds[1:], strict=False):
        yield _participant(deal, owner, random.choice(("AE", "AE", "SDR")), max(high - low, 0), is_overlay=False)
    if random.random() < 0.4:
        yield _participant(deal, "s0", "SE", random.randrange(1, MILLION), is_overlay=True)


def _participant(deal: str, payee: str, role: str, share: int, *, is_overlay: bool) -> Row:
    return {"deal_id": deal, "payee_id": payee, "role": role, "share_millionths": share, "is_overlay": is_overlay}


def _documents(random: Random, deals: list[str], size: int) -> tuple[list[Row], list[Row], list[Row]]:
    rows: list[Row] = []
    measures: list[Row] = []
    attributes: list[Row] = []
    for number in range(size):
        row = _document(random, f"t{number:03}", random.choice(deals))
        rows.append(row)
        fields = {MONEY_FIELD: random.randrange(1, 9_000_000), NUMBER_FIELD: random.randrange(1, 400) * MILLION // 4}
        if random.random() < 0.04:
            fields.pop(NUMBER_FIELD)
        measures += [
            {"transaction_id": row["transaction_id"], "measure": name, "value": value} for name, value in fields.items()
        ]
        if random.random() < 0.8:
            attributes.append(
                {"transaction_id": row["transaction_id"], "attribute": "grade", "value": random.choice(GRADES)}
            )
        if row["kind"] in EVENTS and random.random() < 0.3:
            _return(random, row, rows, measures, fields)
    return rows, measures, attributes


def _document(random: Random, name: str, deal: str) -> Row:
    product = random.choice((*PRODUCTS, None))
    revenue = random.choice(
        (random.randrange(1, 3_000_000), random.randrange(1, 90_000), random.randrange(1, 40) * 50_000)
    )
    return {
        "transaction_id": name,
        "deal_id": deal,
        "kind": random.choice(("invoice", "invoice", "invoice", *EVENTS, "renewal")),
        "dated_on": FIRST + timedelta(days=random.randrange(365)),
        "posting_sequence": random.randrange(1, 4),
        "source": "erp",
        "source_ref": name,
        "currency": random.choice(("USD", "USD", "USD", "EUR", "JPY")),
        "revenue_minor": revenue,
        "margin_minor": None if random.random() < 0.04 else random.randrange(-20_000, revenue + 1),
        "quantity_millionths": random.randrange(1, 30) * MILLION // random.choice((1, 1, 3)),
        "product": product,
        "product_family": PRODUCTS[product] if product else None,
        "customer": random.choice((*CUSTOMERS, None)),
        "region": random.choice((*REGIONS, None)),
        "channel": random.choice(CHANNELS),
        "reverses_id": None,
        "document_id": f"doc-{name}",
        "settles_id": None,
        "document_type": random.choice((*TYPES, None)),
    }


def _return(random: Random, origin: Row, rows: list[Row], measures: list[Row], fields: dict[str, int]) -> None:
    """The whole of it, or a part and perhaps the rest."""
    parts = random.choice(([Fraction(1)], [Fraction(1)], [Fraction(1, 3)], [Fraction(1, 3), Fraction(2, 3)]))
    left = {name: origin[name] for name in ("revenue_minor", "margin_minor", "quantity_millionths")} | fields
    for number, part in enumerate(parts):
        is_rest = sum(parts[: number + 1]) == 1
        taken = {name: value if value is None or is_rest else int(value * part) for name, value in left.items()}
        left = {name: None if value is None else value - taken[name] for name, value in left.items()}
        name = f"{origin['transaction_id']}-r{number}"
        day = min(LAST, origin["dated_on"] + timedelta(days=random.randrange(200)))
        back = {key: None if value is None else -value for key, value in taken.items()}
        rows.append(
            {
                **origin,
                "transaction_id": name,
                "source_ref": name,
                "kind": "return",
                "dated_on": day,
                "posting_sequence": 4 + number,
                "reverses_id": origin["transaction_id"] if random.random() < 0.95 else "unknown",
                "document_id": f"doc-{name}",
                **{column: back[column] for column in ("revenue_minor", "margin_minor", "quantity_millionths")},
            }
        )
        measures += [{"transaction_id": name, "measure": field, "value": back[field]} for field in fields]


def _quotas(random: Random) -> Iterator[Row]:
    lacking = random.choice(REPS)
    for payee in people():
        for month in range(1, 13):
            span = {"from_on": date(YEAR, month, 1), "to_on": date(YEAR + month // 12, month % 12 + 1, 1)}
            if payee == lacking and month > 6:
                continue
            for measure, most in (("revenue", 1_500_000), ("quantity", 20 * MILLION), ("margin", 700_000)):
                currency = random.choice(("USD", "USD", "USD", "EUR"))
                yield {
                    "payee_id": payee,
                    "measure": measure,
                    **span,
                    "quota_minor": random.randrange(most // 8, most),
                    "currency": currency,
                }


def _coverage(random: Random) -> Iterator[Row]:
    for payee in ("s0", *random.sample(REPS, 3)):
        what: Row = dict.fromkeys(("customer", "product", "product_family", "region", "channel"))
        for key, values in random.sample(
            [("region", REGIONS), ("customer", CUSTOMERS), ("product", tuple(PRODUCTS))], 1
        ):
            what[key] = random.choice(values)
        yield {
            "payee_id": payee,
            "role": "AE",
            **what,
            "share_millionths": random.choice((MILLION, 400_000, 123_457)),
            "precedence": random.randrange(1, 3),
            "from_on": date(YEAR, 1, 1),
            "to_on": random.choice((None, date(YEAR, 8, 1))),
        }


def _metrics(random: Random) -> Iterator[Row]:
    for metric in ("satisfaction", "growth"):
        for subject in (*people(), *TEAMS, ""):
            for quarter in range(4):
                if random.random() < 0.9:
                    end = date(YEAR + (quarter == 3), (quarter * 3 + 3) % 12 + 1, 1)
                    value = random.choice((str(random.randrange(40, 160)) + "/100", "1", "4/3", "0.75", "0"))
                    yield {
                        "subject": subject,
                        "metric": metric,
                        "from_on": date(YEAR, quarter * 3 + 1, 1),
                        "to_on": end,
                        "value": value,
                    }
