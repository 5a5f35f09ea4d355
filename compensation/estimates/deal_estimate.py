"""What an open deal would pay one person: the document that the API serves and the store keeps."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from compensation.estimates.reasons import Money, Reason


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class EstimatedDeal(_Part):
    source: str
    ref: str
    name: str
    customer: str | None
    amount: Money | None
    amount_basis: str
    close_on: date | None
    stage: str


class EstimatedPayee(_Part):
    id: str
    name: str


class Range(_Part):
    """The earning if the deal closes before all, or after all, of the payee's other open deals of the same periods."""

    closed_first: Money
    closed_last: Money


class EstimatedTier(_Part):
    """A tier that the deal reaches: ``slice`` of the measure, ``earning`` what it adds. Bounds in ``unit``."""

    lower: str
    upper: str | None
    unit: Literal["attainment", "money", "quantity"]
    rate: str
    slice: Money
    earning: Money


class EstimatedPeriod(_Part):
    """``end`` is the last day, included."""

    label: str
    start: date
    end: date


class ExpectedPayment(_Part):
    """The document that makes the earning due, and when it is expected at the earliest."""

    event: str
    expected_on: date


class ExpectedRelease(_Part):
    """A part of the earning: what it waits for, when it can come at the earliest, in which payment period."""

    waits_for: str
    share: str
    amount: Money
    earliest_on: date
    paid_in: str


class EstimatedComponent(_Part):
    """What one component would pay. ``before`` and ``after`` are positions; a quantity has no currency."""

    plan: str
    plan_version: str
    component: str
    title: dict[str, str]
    role: str
    share: str
    credit: Money
    quota: Money | None
    before: Money
    after: Money
    attainment_before: str | None
    attainment_after: str | None
    earning: Money
    tiers: tuple[EstimatedTier, ...]
    period: EstimatedPeriod
    payment: ExpectedPayment
    schedule: tuple[ExpectedRelease, ...]
    reasons: tuple[Reason, ...]


class DealEstimate(_Part):
    """The estimate of one deal, as it stands or as proposed, for one payee.

    ``total`` is the change of all totals of this payee that the deal makes. ``status`` is ``estimated``, or
    ``nothing`` if no component credits the payee; ``reasons`` then say why.
    """

    status: Literal["estimated", "nothing"]
    deal: EstimatedDeal
    payee: EstimatedPayee
    total: Money
    range: Range
    components: tuple[EstimatedComponent, ...]
    reasons: tuple[Reason, ...]
    plan_versions: tuple[str, ...]
    scenario: str = Field(default="", exclude=True)

    def to_json(self) -> bytes:
        """The document as JSON, the same bytes for the same estimate; without the scenario's name."""
        return self.model_dump_json().encode()
