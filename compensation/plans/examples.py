"""Examples in a plan file: what goes in, and what each person has to get."""

import itertools
import re
from datetime import date
from fractions import Fraction
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from compensation.plans.parts import PlanPart, Span, Words, problem
from compensation.plans.typed_numbers import Amount, Number, NumberOrPercent, Rounded, Share

Named = dict[str, NumberOrPercent]
EVERYONE = "everyone"
"""Stands for all payees of an example together."""


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


class Change(PlanPart):
    """What is different with somebody from a day on."""

    on: date
    title: str | None = None
    region: str | None = None
    channel: str | None = None
    team: str | None = None
    manager: str | None = None
    salary: Amount | None = None


class Coverage(PlanPart):
    """What somebody covers, in which role; of what is left out everything.

    The lower ``precedence`` number comes first; every one has its own share of the transactions.
    """

    customer: str | None = None
    product: str | None = None
    product_family: str | None = None
    region: str | None = None
    channel: str | None = None
    role: str = "coverage"
    share: Share = Number(Fraction(1))
    precedence: Annotated[int, Field(ge=1, le=1000)] = 1


def _one_alone(typed: object) -> object:
    return (typed,) if isinstance(typed, dict) else typed


Covers = Annotated[
    tuple[Coverage, ...], BeforeValidator(_one_alone, json_schema_input_type=Coverage | tuple[Coverage, ...])
]


class Person(PlanPart):
    """Somebody of an example, by default with the plan's first title, region, channel and team.

    From ``hired_on`` (the plan's first day unless given) through ``leaves_on``; ``changes`` in between. ``quota``: an
    amount for every period of what the components look at (the shortest, where they differ: longer ones find the sum),
    or by measure or component; ``target_pay`` by component. ``covers`` says what: ``{region: North}``, or a list. In a
    plan for customers the people are customers.
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
    covers: Covers = ()
    factors: Named = Field(default_factory=dict)
    absent: tuple[Span, ...] = ()
    changes: tuple[Change, ...] = ()


def _people(typed: object) -> object:
    """One name has everything, a list of names equal shares (to a millionth, the last ones more)."""
    if isinstance(typed, str):
        return {typed: "100%"}
    if isinstance(typed, list):
        cuts = [Fraction(number * 10**6 // len(typed), 10**6) for number in range(len(typed) + 1)]
        shares = [after - before for before, after in itertools.pairwise(cuts)]
        return {name: Number(share) for name, share in zip(typed, shares, strict=True)}
    return typed


Shares = Annotated[dict[str, Share], BeforeValidator(_people, json_schema_input_type=Words | dict[str, Share])]
DOCUMENTS = ("booking", "order", "invoice", "receipt", "return", "renewal")


class Document(PlanPart):
    """A document of an example, named by its number: ``{on: 2026-03-01, invoice: I1, deal: D1, revenue: 5000}``.

    ``deal`` is the document's own number unless given, or that of what it ``reverses`` (a return, of all of it unless
    it says how much) or ``pays`` (a receipt its invoice). Owners are told once in a deal; one name has all of it, a
    list shares equally. ``measures`` and ``attributes`` are the plan's own. ``known_on``: where it came to light later.
    """

    on: date
    known_on: date | None = None
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


class Correction(PlanPart):
    """What a document turns out to have been, known from a day on; what is left out was right."""

    document: str
    known_on: date
    on: date | None = None
    owners: Shares | None = None
    overlays: Shares | None = None
    revenue: Amount | None = None
    margin: Amount | None = None
    quantity: Amount | None = None
    product: str | None = None
    customer: str | None = None

    @property
    def corrected(self) -> dict[str, object]:
        """What takes the place of the document's own."""
        keys = self.model_fields_set - {"document", "known_on"}
        return {key: getattr(self, key) for key in keys}


class Metric(PlanPart):
    """A reported value: of a person, a team or (unless named) everyone, for the period around a day."""

    metric: str
    value: NumberOrPercent
    of: str | None = None
    from_on: date = Field(alias="from")
    through: date


class Hold(PlanPart):
    """Nothing of the deal (or of one ``document`` alone) is released from a day on, through another if it has an end.

    What had been released stays so; a return takes nothing back meanwhile. Afterwards all goes on.
    """

    deal: str | None = None
    document: str | None = None
    from_on: date = Field(alias="from")
    through: date | None = None
    author: str
    reason: str

    @model_validator(mode="after")
    def _holds_one_thing(self) -> Self:
        if len(self.given("deal", "document")) != 1:
            raise problem("a hold is of a deal or of a document", "give either 'deal' or 'document'")
        return self


class ExchangeRate(PlanPart):
    """Units of ``to`` for one unit of ``from``, from the day on."""

    from_currency: str = Field(alias="from")
    to_currency: str = Field(alias="to")
    on: date
    rate: Amount


_PERIOD = re.compile(r"(FY)?\d{4}(-((0[1-9]|1[0-2])(-H[12]|-\d\d-2W)?|Q[1-4]|H[12]|W\d\d))?|ever")


_LABELS = "write it as 2026-02, 2026-Q1, 2026-H1, 2026, FY2026, 2026-W05, 2026-02-H1 or 2026-02-09-2W"


def _period(label: str) -> str:
    if not _PERIOD.fullmatch(label):
        raise problem(f"'{label}' names no period", _LABELS)
    return label


class Expectation(PlanPart):
    """What somebody (or ``everyone`` together) has to get; all that is left out is not looked at.

    ``component`` (or several), ``document`` and ``period`` choose what is looked at, ``via`` the owner through whom a
    manager is credited; of a plan's every component, document or period together unless given. Amounts are in units
    of the currency and hold to the smallest coin. Ratios with decimals or percent hold if they round to what is typed.

    Of credits: ``credit`` counted, ``share`` of the document that is theirs, ``of_total`` what the credit is of all
    credits of the period, ``measures`` the document's own by the plan's names.
    Of positions: ``position`` and ``attainment`` after the document or at the end, ``in_tiers`` how much of the walk
    lies in each tier, ``slices`` the pay of each.
    Of earnings: ``earns``, ``earned_to_date`` in its period up to and with the document, ``calculated`` before caps
    and floors and ``reduced_to`` what they leave of it, ``rate`` (pay by credit), ``of_target`` (pay by target pay) and
    ``multiplier`` (that by attainment), ``factor`` of gates and modifiers, ``scores`` of a scorecard by KPI (weighted),
    ``figure`` values, ``why`` not (an outcome, or the figure of a gate that is not passed).
    Of payments: ``released`` and what ``waits`` by the plan's currency; in the payee's, of a ``period`` of payment or
    of all, ``draw`` (added), ``recovered``, ``guarantee``, ``adjusted``, ``paid``, and after it ``owed`` and
    ``carried`` (below minimum, or negative).
    """

    payee: str = EVERYONE
    component: Words = ()
    document: str | None = None
    period: Annotated[str, AfterValidator(_period)] | None = None
    via: str | None = None
    credit: Amount | None = None
    share: Rounded | None = None
    of_total: Rounded | None = None
    measures: dict[str, Rounded] = Field(default_factory=dict)
    position: Amount | None = None
    attainment: Rounded | None = None
    in_tiers: tuple[Amount, ...] | None = None
    slices: tuple[Amount, ...] | None = None
    earns: Amount | None = None
    earned_to_date: Amount | None = None
    calculated: Amount | None = None
    reduced_to: Rounded | None = None
    rate: Rounded | None = None
    of_target: Rounded | None = None
    multiplier: Rounded | None = None
    factor: Rounded | None = None
    scores: dict[str, Rounded] = Field(default_factory=dict)
    figure: dict[str, Rounded] = Field(default_factory=dict)
    why: str | None = None
    released: Amount | None = None
    waits: Amount | None = None
    draw: Amount | None = None
    recovered: Amount | None = None
    guarantee: Amount | None = None
    adjusted: Amount | None = None
    paid: Amount | None = None
    owed: Amount | None = None
    carried: Amount | None = None


class StoryExample(PlanPart):
    """People and what happens; the whole calculation is run, and every expectation has to hold.

    ``as_of`` is the last day that it names unless given. ``closed_through``: a day up to which everything that was
    known then has been paid; what comes to light later, ``corrections`` included, is an adjustment.
    """

    name: str = Field(alias="example")
    people: dict[str, Person] = Field(default_factory=dict)
    happens: tuple[Document, ...] = ()
    corrections: tuple[Correction, ...] = ()
    metrics: tuple[Metric, ...] = ()
    holds: tuple[Hold, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    as_of: date | None = None
    closed_through: date | None = None
    expects: Annotated[tuple[Expectation, ...], Field(min_length=1)]


Example = ShortExample | StoryExample
