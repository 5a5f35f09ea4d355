"""Examples in a plan file: what goes in, and what each person has to get."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from compensation.plans.parts import PlanPart, problem
from compensation.plans.typed_numbers import Amount, Number, NumberOrPercent, Share

Named = dict[str, NumberOrPercent]


class ShortExample(PlanPart):
    """Credits of one component in, pay out; in currency units (quantities in units), in the order given.

    ``starts_at`` is the position before the first.
    """

    name: str = Field(alias="example")
    component: str
    quota: Amount | None = None
    target_pay: Amount | None = None
    starts_at: Amount = Number(Fraction(0))
    credits: tuple[Amount, ...]
    positions: tuple[Amount, ...] | None = None
    pays: tuple[Amount, ...]
    opening: Amount = Number(Fraction(0))


class Person(PlanPart):
    """Somebody of an example, by default with the plan's first title, region and channel, from ``hired_on`` on.

    ``quota``: an amount for every period of every component's measure, or by measure; ``target_pay`` by component.
    """

    title: str | None = None
    region: str | None = None
    channel: str | None = None
    team: str | None = None
    manager: str | None = None
    has_plan: bool = True
    salary: Amount | None = None
    hired_on: date | None = None
    leaves_on: date | None = None
    successor: str | None = None
    currency: str | None = None
    quota: Amount | dict[str, Amount] | None = None
    target_pay: dict[str, Amount] = Field(default_factory=dict)
    covers: dict[str, str] = Field(default_factory=dict)
    factors: Named = Field(default_factory=dict)


def _one_person(typed: object) -> object:
    return {typed: "100%"} if isinstance(typed, str) else typed


Shares = Annotated[dict[str, Share], BeforeValidator(_one_person)]
DOCUMENTS = ("booking", "order", "invoice", "receipt", "return", "renewal")


class Document(PlanPart):
    """A document of an example, named by its number: ``{on: 2026-03-01, invoice: I1, deal: D1, revenue: 5000}``.

    ``deal`` is the document's own number unless given; ``reverses`` names what a return takes back and ``pays`` the
    invoice that a receipt settles. Owners are told once in a deal; ``measures`` and ``attributes`` are the plan's own.
    """

    on: date
    booking: str | None = None
    order: str | None = None
    invoice: str | None = None
    receipt: str | None = None
    return_: str | None = Field(default=None, alias="return")
    renewal: str | None = None
    deal: str | None = None
    reverses: str | None = None
    pays: str | None = None
    owners: Shares = Field(default_factory=dict)
    overlays: Shares = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)
    revenue: Amount = Number(Fraction(0))
    margin: Amount | None = None
    quantity: Amount = Number(Fraction(1))
    currency: str | None = None
    product: str | None = None
    product_family: str | None = None
    customer: str | None = None
    region: str | None = None
    channel: str | None = None
    document_type: str | None = None
    measures: Named = Field(default_factory=dict)
    attributes: dict[str, str] = Field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Which document it is."""
        return self.given(*(self._attribute(kind) for kind in DOCUMENTS))[0].rstrip("_")

    @property
    def number(self) -> str:
        return str(getattr(self, self._attribute(self.kind)))

    @staticmethod
    def _attribute(kind: str) -> str:
        return "return_" if kind == "return" else kind

    @model_validator(mode="after")
    def _is_one_document(self) -> Self:
        if len(self.given(*(self._attribute(kind) for kind in DOCUMENTS))) != 1:
            raise problem("is one document", f"give its number under exactly one of {', '.join(DOCUMENTS)}")
        return self


class Metric(PlanPart):
    """A reported value: of a person, a team or (unless named) everyone, for the period around a day."""

    metric: str
    value: NumberOrPercent
    of: str | None = None
    from_on: date = Field(alias="from")
    through: date


class ExchangeRate(PlanPart):
    """Units of ``to`` for one unit of ``from``, from the day on."""

    from_currency: str = Field(alias="from")
    to_currency: str = Field(alias="to")
    on: date
    rate: Amount


class Expectation(PlanPart):
    """What somebody has to get; all that is left out is not looked at.

    With ``component`` (and ``document``, ``period``): ``credit`` counted, ``position`` and ``attainment`` after it,
    ``factor`` of gates and modifiers, ``slices`` (the pay of each tier), ``earns``. With ``released`` in a ``period``,
    ``paid`` in it, ``owed`` (draw balance) and ``carried`` (below minimum, or negative) after it; without a period, of
    all. ``figure`` is a figure's value. Amounts in units of the currency.
    """

    payee: str
    component: str | None = None
    document: str | None = None
    period: str | None = None
    credit: Amount | None = None
    position: Amount | None = None
    attainment: NumberOrPercent | None = None
    factor: NumberOrPercent | None = None
    slices: tuple[Amount, ...] | None = None
    earns: Amount | None = None
    released: Amount | None = None
    paid: Amount | None = None
    owed: Amount | None = None
    carried: Amount | None = None
    figure: dict[str, NumberOrPercent] = Field(default_factory=dict)
    why: str | None = None


class StoryExample(PlanPart):
    """People and what happens; the whole calculation is run, and every expectation has to hold.

    ``as_of`` is the last day unless given; ``closed_through`` a day up to which everything has been paid before
    the later documents were known.
    """

    name: str = Field(alias="example")
    people: dict[str, Person]
    happens: tuple[Document, ...] = ()
    metrics: tuple[Metric, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    as_of: date | None = None
    expects: Annotated[tuple[Expectation, ...], Field(min_length=1)]


Example = ShortExample | StoryExample
