"""What is sold, for how much, and what it costs: 20 products in four families, list prices in three currencies."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sandbox.company.dice import dice
from sandbox.company.quarters import months
from sandbox.company.staff import FIRST_NUMBER
from sandbox.salesforce.store.ids import make_id

CURRENCIES = ("USD", "EUR", "GBP")
PRICEBOOK_ID = make_id("01s", FIRST_NUMBER)
_PRICE_PERCENT = {"USD": 100, "EUR": 94, "GBP": 82}
_FIRST_RATES = {"EUR": 921_500, "GBP": 786_400}  # millionths of the currency for a dollar


@dataclass(frozen=True, slots=True)
class Product:
    """``cost_percent`` of the list price is what a piece costs."""

    id: str
    code: str
    name: str
    family: str
    list_price_minor: int
    cost_percent: int

    def price_minor(self, currency: str) -> int:
        """The list price in whole units of the currency."""
        return self.list_price_minor * _PRICE_PERCENT[currency] // 10_000 * 100

    def cost_minor(self, currency: str) -> int:
        return self.price_minor(currency) * self.cost_percent // 100


_DECLARED = (
    ("Spectra 200 Analyser", "Instruments", 24_500, 52),
    ("Spectra 400 Analyser", "Instruments", 48_900, 47),
    ("Lumen Flow Meter", "Instruments", 3_850, 58),
    ("Lumen Flow Meter XL", "Instruments", 7_400, 55),
    ("Halo Pressure Probe", "Instruments", 890, 61),
    ("Halo Probe Ring", "Instruments", 2_250, 57),
    ("Orbit Sampling Robot", "Instruments", 36_200, 63),
    ("Larkfield Control", "Software", 12_600, 11),
    ("Larkfield Control Pro", "Software", 22_800, 9),
    ("Larkfield Insight", "Software", 8_400, 14),
    ("Larkfield Insight Seat", "Software", 640, 12),
    ("Compliance Archive", "Software", 5_300, 16),
    ("Device Gateway", "Software", 1_450, 18),
    ("Installation", "Services", 4_200, 72),
    ("Validation Package", "Services", 9_600, 66),
    ("Operator Training Day", "Services", 1_350, 69),
    ("Process Consulting Week", "Services", 11_500, 74),
    ("Care Basic, 1 year", "Support", 1_900, 38),
    ("Care Plus, 1 year", "Support", 4_700, 33),
    ("Calibration Plan", "Support", 2_600, 41),
)
PRODUCTS = tuple(
    Product(make_id("01t", FIRST_NUMBER + number), f"LF-{1001 + number}", name, family, price * 100, cost)
    for number, (name, family, price, cost) in enumerate(_DECLARED)
)


def pricebook_entry_id(product: Product, currency: str) -> str:
    number = PRODUCTS.index(product) * len(CURRENCIES) + CURRENCIES.index(currency)
    return make_id("01u", FIRST_NUMBER + number)


def monthly_rates(seed: int, start: date, today: date) -> list[tuple[str, date, Decimal]]:
    """(currency, first day, units of it for one dollar), six decimals, moving by less than 1 % from month to month."""
    throw = dice(seed, "rates")
    rates = []
    for currency, millionths in _FIRST_RATES.items():
        for month in months(start, today):
            rates.append((currency, month, Decimal(millionths).scaleb(-6)))
            millionths = millionths * throw.randint(99_100, 100_900) // 100_000  # noqa: PLW2901 - a walk
    return rates


def amount(minor: int) -> Decimal:
    """Whole cents as the amount in major units (all three currencies have two decimals)."""
    return Decimal(minor).scaleb(-2)
