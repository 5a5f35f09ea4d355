"""The company as rows of Salesforce objects, by their own field names."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sandbox.company.accounts import Customer
from sandbox.company.catalogue import CURRENCIES, PRICEBOOK_ID, PRODUCTS, amount, monthly_rates, pricebook_entry_id
from sandbox.company.dice import chance, day_between, dice
from sandbox.company.pipeline import WON, Deal, Line
from sandbox.company.staff import FIRST_NUMBER, REGIONS, Person, Quota, Region, Staff
from sandbox.salesforce.store.ids import make_id

CrmRow = dict[str, object]
LEADS = 240
_REVENUE, _OVERLAY = make_id("1RX", FIRST_NUMBER), make_id("1RX", FIRST_NUMBER + 1)
_ROLE_NAMES = ("Sales Manager", "Account Executive", "Solutions Specialist")


def moment(day: date, number: int) -> datetime:
    """An instant of the working day, another one for each number."""
    return datetime.combine(day, time(8 + number % 10, number * 7 % 60, number * 13 % 60), UTC)


def reference_rows(seed: int, start: date, today: date) -> dict[str, list[CrmRow]]:
    """Currencies and their rates, products and prices, split types, roles."""
    stamps = _stamps(start, start, 0)
    rates = monthly_rates(seed, start, today)
    latest = {"USD": Decimal(1)} | {currency: rate for currency, _, rate in rates}
    return {
        "CurrencyType": [
            {"IsoCode": currency, "ConversionRate": rate, "DecimalPlaces": 2, "IsCorporate": currency == "USD"} | stamps
            for currency, rate in latest.items()
        ],
        "DatedConversionRate": [
            {"IsoCode": currency, "StartDate": month, "NextStartDate": _next_month(month), "ConversionRate": rate}
            | _stamps(month, month, 0)
            for currency, month, rate in rates
        ],
        "Product2": [
            {"Id": product.id, "Name": product.name, "ProductCode": product.code, "Family": product.family}
            | {"IsActive": True, "CurrencyIsoCode": "USD"}
            | stamps
            for product in PRODUCTS
        ],
        "Pricebook2": [
            {"Id": PRICEBOOK_ID, "Name": "Standard Price Book", "IsActive": True, "IsStandard": True} | stamps
        ],
        "PricebookEntry": [
            {"Id": pricebook_entry_id(product, currency), "Pricebook2Id": PRICEBOOK_ID, "Product2Id": product.id}
            | {"Name": product.name, "ProductCode": product.code, "UnitPrice": amount(product.price_minor(currency))}
            | {"IsActive": True, "CurrencyIsoCode": currency}
            | stamps
            for product in PRODUCTS
            for currency in CURRENCIES
        ],
        "OpportunitySplitType": [
            {"Id": _REVENUE, "MasterLabel": "Revenue", "DeveloperName": "Revenue", "IsTotalValidated": True}
            | {"SplitField": "Amount"}
            | stamps,
            {"Id": _OVERLAY, "MasterLabel": "Overlay", "DeveloperName": "Overlay", "IsTotalValidated": False}
            | {"SplitField": "Amount"}
            | stamps,
        ],
        "UserRole": [row | stamps for row in _roles()],
    }


def staff_rows(staff: Staff, quotas: Sequence[Quota], start: date) -> dict[str, list[CrmRow]]:
    """Users with their managers, and the quotas of everybody."""
    return {
        "User": [_user(person, number) for number, person in enumerate(staff.everybody)],
        "ForecastingQuota": [
            {"Id": quota.id, "QuotaOwnerId": quota.person.id, "QuotaAmount": amount(quota.amount_minor)}
            | {"IsAmount": True, "StartDate": quota.starts_on, "CurrencyIsoCode": quota.person.currency}
            | _stamps(start, start, number)
            for number, quota in enumerate(quotas)
        ],
    }


def customer_rows(customers: Sequence[Customer], start: date) -> dict[str, list[CrmRow]]:
    return {
        "Account": [
            {"Id": customer.id, "Name": customer.name, "AccountNumber": customer.number, "Type": "Customer"}
            | {"Industry": customer.industry, "BillingCountry": customer.country, "OwnerId": customer.owner.id}
            | {"CurrencyIsoCode": customer.currency, "Region__c": customer.region.name}
            | _stamps(start - timedelta(days=90), start - timedelta(days=number % 90), number)
            for number, customer in enumerate(customers)
        ]
    }


def deal_rows(deals: Sequence[Deal]) -> dict[str, list[CrmRow]]:
    """Opportunities, their lines and splits."""
    return {
        "Opportunity": [_opportunity(deal) for deal in deals],
        "OpportunityLineItem": [_line(deal, line, place) for deal in deals for place, line in enumerate(deal.lines, 1)],
        "OpportunitySplit": [row for deal in deals for row in _splits(deal)],
    }


def paper_rows(seed: int, deals: Sequence[Deal]) -> dict[str, list[CrmRow]]:
    """Quotes with their lines for deals that have come far, and contracts on some that were won."""
    throw = dice(seed, "papers")
    quotes: list[CrmRow] = []
    lines: list[CrmRow] = []
    contracts: list[CrmRow] = []
    for deal in deals:
        is_late = deal.stage in {"Proposal/Price Quote", "Negotiation/Review"}
        if not deal.lines or not chance(throw, 60 if is_late else 9 if deal.stage == WON else 0):
            continue
        quote = _quote(deal, len(quotes))
        if deal.stage == WON and chance(throw, 60):
            contracts.append(_contract(deal, len(contracts)))
            quote["ContractId"] = contracts[-1]["Id"]
        quotes.append(quote)
        lines += _quote_lines(deal, str(quote["Id"]), len(lines))
    return {"Contract": contracts, "Quote": quotes, "QuoteLineItem": lines}


def lead_rows(
    seed: int, customers: Sequence[Customer], deals: Sequence[Deal], start: date, today: date
) -> dict[str, list[CrmRow]]:
    """Leads, a third of them converted into an opportunity."""
    throw = dice(seed, "leads")
    rows = []
    for number in range(LEADS):
        deal = throw.choice(deals)
        customer = deal.customer if chance(throw, 33) else None
        created_on = deal.created_on if customer else day_between(throw, start, today - timedelta(days=2))
        row: CrmRow = {"Id": make_id("00Q", FIRST_NUMBER + number), "LastName": f"Contact {number + 1}"}
        row |= {
            "Company": (customer or throw.choice(customers)).name,
            "LeadSource": throw.choice(("Web", "Fair", "Referral")),
        }
        row |= {
            "Status": "Closed - Converted" if customer else throw.choice(("Open", "Working", "Closed - Not Converted"))
        }
        row |= {"OwnerId": deal.owner.id, "IsConverted": customer is not None} | _stamps(created_on, created_on, number)
        if customer:
            row |= {"ConvertedDate": created_on, "ConvertedAccountId": customer.id, "ConvertedOpportunityId": deal.id}
        rows.append(row)
    return {"Lead": rows}


def _stamps(created_on: date, modified_on: date, number: int) -> CrmRow:
    created_at, modified_at = moment(created_on, number), moment(modified_on, number)
    return {"CreatedDate": created_at, "LastModifiedDate": modified_at, "SystemModstamp": modified_at}


def _roles() -> Iterator[CrmRow]:
    yield {"Id": _role_id(None, ""), "Name": "Vice President of Sales", "DeveloperName": "VP_Sales"}
    for region in REGIONS:
        for name in _ROLE_NAMES:
            parent = _role_id(None, "") if name == _ROLE_NAMES[0] else _role_id(region, _ROLE_NAMES[0])
            row: CrmRow = {"Id": _role_id(region, name), "Name": f"{name} {region.name}", "ParentRoleId": parent}
            yield row | {"DeveloperName": f"{name.replace(' ', '_')}_{region.code}"}


def _role_id(region: Region | None, name: str) -> str:
    number = 0 if region is None else 1 + REGIONS.index(region) * len(_ROLE_NAMES) + _ROLE_NAMES.index(name)
    return make_id("00E", FIRST_NUMBER + number)


def _user(person: Person, number: int) -> CrmRow:
    role = next((name for name in _ROLE_NAMES if name in person.title.replace("Regional Sales", "Sales")), "")
    modified_on = person.left_on or person.hired_on
    return {
        "Id": person.id,
        "Username": person.email,
        "Email": person.email,
        "FirstName": person.first_name,
        "LastName": person.last_name,
        "Title": person.title,
        "EmployeeNumber": f"E{1001 + number}",
        "Department": "Overlay Sales" if person.is_overlay else "Direct Sales",
        "Division": person.region.name if person.region else None,
        "Country": person.region.countries[0] if person.region else "United States",
        "ManagerId": person.manager_id,
        "UserRoleId": _role_id(person.region, role),
        "IsActive": person.left_on is None,
        "CurrencyIsoCode": person.currency,
        "DefaultCurrencyIsoCode": person.currency,
    } | _stamps(person.hired_on, modified_on, number)


def _opportunity(deal: Deal) -> CrmRow:
    family = deal.lines[0].product.family if deal.lines else "to be scoped"
    return {
        "Id": deal.id,
        "Name": f"{deal.customer.name}: {family} {deal.number}",
        "AccountId": deal.customer.id,
        "OwnerId": deal.owner.id,
        "StageName": deal.stage,
        "CloseDate": deal.close_on,
        "Amount": None if deal.amount_minor is None else amount(deal.amount_minor),
        "CurrencyIsoCode": deal.customer.currency,
        "Pricebook2Id": PRICEBOOK_ID,
        "Type": "New Customer" if deal.number % 3 == 0 else "Existing Customer - Upgrade",
        "LeadSource": ("Web", "Referral", "Partner", None)[deal.number % 4],
    } | _stamps(deal.created_on, deal.modified_on, deal.number)


def _line(deal: Deal, line: Line, place: int) -> CrmRow:
    currency = deal.customer.currency
    return {
        "Id": line.id,
        "OpportunityId": deal.id,
        "SortOrder": place,
        "PricebookEntryId": pricebook_entry_id(line.product, currency),
        "Product2Id": line.product.id,
        "ProductCode": line.product.code,
        "Quantity": Decimal(line.quantity),
        "UnitPrice": amount(line.unit_price_minor),
        "ListPrice": amount(line.product.price_minor(currency)),
        "TotalPrice": amount(line.amount_minor),
        "CurrencyIsoCode": currency,
    } | _stamps(deal.created_on, deal.modified_on, deal.number)


def _splits(deal: Deal) -> Iterable[CrmRow]:
    for split in deal.splits:
        yield {
            "Id": split.id,
            "OpportunityId": deal.id,
            "SplitOwnerId": split.person.id,
            "SplitTypeId": _OVERLAY if split.is_overlay else _REVENUE,
            "SplitPercentage": Decimal(split.percent),
            "CurrencyIsoCode": deal.customer.currency,
        } | _stamps(deal.created_on, deal.modified_on, deal.number)


def _quote(deal: Deal, number: int) -> CrmRow:
    total = amount(deal.amount_minor or 0)
    return {
        "Id": make_id("0Q0", FIRST_NUMBER + number),
        "OpportunityId": deal.id,
        "AccountId": deal.customer.id,
        "Pricebook2Id": PRICEBOOK_ID,
        "Name": f"Quote {deal.number} for {deal.customer.name}",
        "QuoteNumber": f"Q-{number + 1:05d}",
        "Status": "Accepted" if deal.stage == WON else "Presented",
        "ExpirationDate": deal.close_on + timedelta(days=30),
        "IsSyncing": True,
        "Subtotal": total,
        "TotalPrice": total,
        "GrandTotal": total,
        "OwnerId": deal.owner.id,
        "CurrencyIsoCode": deal.customer.currency,
    } | _stamps(deal.created_on, deal.modified_on, deal.number)


def _quote_lines(deal: Deal, quote_id: str, count: int) -> Iterator[CrmRow]:
    for number, line in enumerate(deal.lines, count):
        kept = ("PricebookEntryId", "Product2Id", "Quantity", "UnitPrice", "ListPrice", "TotalPrice", "CurrencyIsoCode")
        row = _line(deal, line, 0)
        yield {"Id": make_id("0QL", FIRST_NUMBER + number), "QuoteId": quote_id, "OpportunityLineItemId": line.id} | {
            name: row[name] for name in (*kept, "CreatedDate", "LastModifiedDate", "SystemModstamp")
        }


def _contract(deal: Deal, number: int) -> CrmRow:
    return {
        "Id": make_id("800", FIRST_NUMBER + number),
        "AccountId": deal.customer.id,
        "ContractNumber": f"{number + 1:08d}",
        "Name": f"{deal.customer.name} {deal.close_on.year}",
        "Status": "Activated",
        "StartDate": deal.close_on,
        "EndDate": deal.close_on + timedelta(days=364),
        "ContractTerm": 12,
        "OwnerId": deal.owner.id,
        "CurrencyIsoCode": deal.customer.currency,
    } | _stamps(deal.modified_on, deal.modified_on, deal.number)


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
