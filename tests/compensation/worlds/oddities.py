"""What companies seldom have: ties in the order, odd credit notes, people without a team, several who share a role."""

from datetime import date, timedelta
from random import Random

from tests.compensation.oracle.company import Row
from tests.compensation.worlds.companies import (
    CHANNELS,
    CUSTOMERS,
    LAST,
    MILLION,
    PRODUCTS,
    REGIONS,
    REPS,
    TEAMS,
    YEAR,
    Rows,
)


def with_oddities(random: Random, rows: Rows) -> Rows:
    """The company with all of them, its documents in any order, at times without any returns."""
    if random.random() < 0.2:
        rows["transactions"] = [row for row in rows["transactions"] if row["kind"] != "return"]
    for row in rows["transactions"]:
        row |= {"source": random.choice(("erp", "crm")), "source_ref": random.choice(("1", "2", row["source_ref"]))}
        row["dated_on"] = row["dated_on"].replace(day=random.choice((1, row["dated_on"].day)))
        if random.random() < 0.05:
            row["revenue_minor"] = 0
    originals = {row["transaction_id"]: row for row in rows["transactions"] if row["kind"] != "return"}
    renewals = [name for name, row in originals.items() if row["kind"] == "renewal"]
    for row in rows["transactions"]:
        if row["kind"] == "return":
            _turn(random, row, originals.get(row["reverses_id"]))
            if random.random() < 0.05:
                row["reverses_id"] = random.choice(renewals)
    rows["transactions"] += _late_returns(random, rows["transactions"])
    random.shuffle(rows["transactions"])
    rows["attributes"] += [
        {"transaction_id": row["transaction_id"], "attribute": name, "value": random.choice(values)}
        for row in rows["transactions"]
        for name, values in (("team", TEAMS), ("title", ("Rep", "Specialist")))
        if random.random() < 0.7
    ]
    for row in rows["assignments"]:
        lacks = random.choice(("team", "hired_on", "channel", ""))
        if lacks and random.random() < 0.3:
            row[lacks] = None
    rows["participants"] += _more_participants(random, rows["participants"])
    rows["coverage"] += [_covering(random) for _ in range(12)]
    return rows


def _turn(random: Random, row: Row, origin: Row | None) -> None:
    """A return at times in another currency, or of all of the revenue and nothing else."""
    row["posting_sequence"] = random.choice((4, row["posting_sequence"]))
    if origin is not None:
        row["dated_on"] = max(row["dated_on"], origin["dated_on"])
    odd = random.random()
    if odd < 0.1:
        row["currency"] = random.choice(("USD", "EUR", "JPY"))
    elif odd < 0.25 and origin is not None:
        row |= {"revenue_minor": -origin["revenue_minor"], "margin_minor": 0, "quantity_millionths": 0}


def _late_returns(random: Random, documents: list[Row]) -> list[Row]:
    """Credit notes beyond all that was sold."""
    return [
        {
            **row,
            "transaction_id": f"{row['transaction_id']}-late",
            "document_id": f"doc-{row['transaction_id']}-late",
            "posting_sequence": 6,
            "dated_on": min(LAST, row["dated_on"] + timedelta(days=random.randrange(60))),
            "revenue_minor": random.choice((0, -1, 500)),
        }
        for row in documents
        if row["kind"] == "return" and random.random() < 0.3
    ]


def _more_participants(random: Random, participants: list[Row]) -> list[Row]:
    """Some of them a second time, and people who share a role with others."""
    added: list[Row] = []
    for row in participants:
        if random.random() < 0.15:
            half = row["share_millionths"] // 2
            row["share_millionths"] -= half
            added.append({**row, "share_millionths": half, "role": random.choice((row["role"], "SE"))})
    deals = sorted({row["deal_id"] for row in participants})
    added += [
        {"deal_id": deal, "payee_id": payee, "role": "SDR", "share_millionths": 1, "is_overlay": True}
        for deal in random.sample(deals, len(deals) // 3)
        for payee in random.sample(REPS, 3)
    ]
    return added


def _covering(random: Random) -> Row:
    """Who covers what is of two kinds at once, or everything."""
    stated = random.sample(
        [
            *(("customer", CUSTOMERS), ("product", tuple(PRODUCTS)), ("region", REGIONS), ("channel", CHANNELS)),
            ("product_family", tuple(PRODUCTS.values())),
        ],
        random.choice((0, 1, 2, 2)),
    )
    start = date(YEAR, random.randrange(1, 7), 1)
    return {
        "payee_id": random.choice(REPS),
        "role": random.choice(("AE", "SE")),
        **dict.fromkeys(("customer", "product", "product_family", "region", "channel")),
        **{name: random.choice(values) for name, values in stated},
        "share_millionths": random.choice((MILLION, 333_333)),
        "precedence": random.randrange(1, 5),
        "from_on": start,
        "to_on": random.choice((None, start + timedelta(days=random.randrange(30, 200)))),
    }
