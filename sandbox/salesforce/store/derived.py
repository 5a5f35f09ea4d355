"""What Salesforce fills in itself when a record is saved: stage flags, line totals, names, numbers."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from sandbox.salesforce.store.schema import Row
from sandbox.salesforce.store.table import Store
from sandbox.salesforce.store.values import Value, decimal_value

_EXACT = Context(prec=60)
_CENT = Decimal("0.01")

STAGES: tuple[tuple[str, int, bool, bool, str], ...] = (
    # label, probability, closed, won, forecast category
    ("Prospecting", 10, False, False, "Pipeline"),
    ("Qualification", 10, False, False, "Pipeline"),
    ("Needs Analysis", 20, False, False, "Pipeline"),
    ("Value Proposition", 50, False, False, "Pipeline"),
    ("Id. Decision Makers", 60, False, False, "Pipeline"),
    ("Perception Analysis", 70, False, False, "Pipeline"),
    ("Proposal/Price Quote", 75, False, False, "Best Case"),
    ("Negotiation/Review", 90, False, False, "Commit"),
    ("Closed Won", 100, True, True, "Closed"),
    ("Closed Lost", 0, True, False, "Omitted"),
)


def fill_in(store: Store, sobject: str, row: Row, changed: frozenset[str]) -> None:
    """Complete ``row`` in place before it is stored; ``changed`` are the fields that the writer gave."""
    rule = _RULES.get(sobject)
    if rule:
        rule(store, row, changed)


def settle(store: Store, sobject: str, row: Row, stamp: str | None) -> None:
    """Carry a saved or deleted ``row`` over to what depends on it; with a ``stamp`` as a client's write would."""
    if sobject == "OpportunityLineItem":
        _settle_lines(store, row["OpportunityId"], stamp)
    elif sobject == "Opportunity" and stamp:
        _settle_splits(store, row, stamp)


def _settle_splits(store: Store, opportunity: Row, stamp: str) -> None:
    for split in list(store.table("OpportunitySplit").find("OpportunityId", opportunity["Id"])):
        amount = _share(opportunity["Amount"], split["SplitPercentage"])
        if amount != split["SplitAmount"]:
            store.put("OpportunitySplit", split | {"SplitAmount": amount} | _stamped(stamp))


def _settle_lines(store: Store, opportunity_id: Value, stamp: str | None) -> None:
    opportunities = store.table("Opportunity")
    before = opportunities.rows.get(str(opportunity_id))
    if before is None:
        return
    lines = [
        row for row in store.table("OpportunityLineItem").find("OpportunityId", opportunity_id) if not row["IsDeleted"]
    ]
    after = before | {"HasOpportunityLineItem": bool(lines)}
    if stamp:
        after |= _stamped(stamp)
        if lines:
            after["Amount"] = decimal_value(sum((_amount(line["TotalPrice"]) for line in lines), Decimal(0)))
            _opportunity(store, after, frozenset())
    if after != before:
        store.put("Opportunity", after)
        settle(store, "Opportunity", after, stamp)


def _stamped(stamp: str) -> Row:
    return {"SystemModstamp": stamp, "LastModifiedDate": stamp}


def _opportunity(store: Store, row: Row, changed: frozenset[str]) -> None:
    stage = next(store.table("OpportunityStage").find("MasterLabel", row["StageName"]), None)
    if stage and "StageName" in changed:
        row["ForecastCategoryName"] = stage["ForecastCategoryName"]
        if "Probability" not in changed:
            row["Probability"] = stage["DefaultProbability"]
    row["IsClosed"] = bool(stage and stage["IsClosed"])
    row["IsWon"] = bool(stage and stage["IsWon"])
    category = row["ForecastCategoryName"]
    row["ForecastCategory"] = category.replace(" ", "") if isinstance(category, str) else None
    row["ExpectedRevenue"] = _share(row["Amount"], row["Probability"])
    close_on = row["CloseDate"]  # required, unless the org was told otherwise
    if isinstance(close_on, str):
        row["FiscalYear"], row["FiscalQuarter"] = int(close_on[:4]), (int(close_on[5:7]) + 2) // 3
    else:
        row["FiscalYear"] = row["FiscalQuarter"] = None


def _line(store: Store, row: Row, changed: frozenset[str]) -> None:
    entry = store.table("PricebookEntry").rows.get(str(row.get("PricebookEntryId")))
    if entry:
        row["Product2Id"] = row["Product2Id"] or entry["Product2Id"]
        row["ListPrice"] = entry["UnitPrice"] if row["ListPrice"] is None else row["ListPrice"]
        if row["UnitPrice"] is None and row["TotalPrice"] is None:
            row["UnitPrice"] = entry["UnitPrice"]
    _price(row, changed)
    product = store.table("Product2").rows.get(str(row.get("Product2Id")))
    if product and "ProductCode" in row:
        row["ProductCode"] = row["ProductCode"] or product["ProductCode"]


def _price(row: Row, changed: frozenset[str]) -> None:
    quantity, total = _amount(row["Quantity"]), row["TotalPrice"]
    gives_total = total is not None and ("TotalPrice" in changed or row["UnitPrice"] is None)
    if gives_total and row["UnitPrice"] is None and quantity:
        row["UnitPrice"] = _cents(_EXACT.divide(_amount(total), quantity))
    elif not gives_total and row["UnitPrice"] is not None:
        kept = 1 - _amount(row.get("Discount")) / 100
        row["TotalPrice"] = _cents(_amount(row["UnitPrice"]) * quantity * kept)


def _opportunity_line(store: Store, row: Row, changed: frozenset[str]) -> None:
    _line(store, row, changed)
    if row["Name"] is None:
        opportunity = store.table("Opportunity").rows.get(str(row["OpportunityId"]), {})
        product = store.table("Product2").rows.get(str(row["Product2Id"]), {})
        row["Name"] = f"{opportunity.get('Name', '')} {product.get('Name', '')}".strip()[:376] or None


def _split(store: Store, row: Row, changed: frozenset[str]) -> None:
    opportunity = store.table("Opportunity").rows.get(str(row["OpportunityId"]))
    if opportunity and "SplitAmount" not in changed:
        row["SplitAmount"] = _share(opportunity["Amount"], row["SplitPercentage"])


def _person(store: Store, row: Row, changed: frozenset[str]) -> None:  # noqa: ARG001 - all rules are called alike
    if "Name" not in changed or row["Name"] is None:
        row["Name"] = " ".join(str(part) for part in (row["FirstName"], row["LastName"]) if part)


def _numbered(field: str) -> Callable[[Store, Row, frozenset[str]], None]:
    def number(store: Store, row: Row, changed: frozenset[str]) -> None:  # noqa: ARG001 - all rules are called alike
        row[field] = row[field] or str(row["Id"])[7:15]

    return number


def _numbered_line(field: str) -> Callable[[Store, Row, frozenset[str]], None]:
    def number(store: Store, row: Row, changed: frozenset[str]) -> None:
        row[field] = row[field] or str(row["Id"])[7:15]
        _line(store, row, changed)

    return number


def _amount(value: Value) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


def _share(amount: Value, percent: Value) -> Value:
    return None if amount is None or percent is None else _cents(_amount(amount) * _amount(percent) / 100)


def _cents(amount: Decimal) -> Decimal:
    return decimal_value(amount.quantize(_CENT, ROUND_HALF_UP, _EXACT))


_RULES: dict[str, Callable[[Store, Row, frozenset[str]], None]] = {
    "Opportunity": _opportunity,
    "OpportunityLineItem": _opportunity_line,
    "OpportunitySplit": _split,
    "QuoteLineItem": _numbered_line("LineNumber"),
    "OrderItem": _numbered_line("OrderItemNumber"),
    "Quote": _numbered("QuoteNumber"),
    "Order": _numbered("OrderNumber"),
    "Contract": _numbered("ContractNumber"),
    "User": _person,
    "Contact": _person,
    "Lead": _person,
}
