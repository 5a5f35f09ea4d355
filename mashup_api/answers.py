"""What the API answers, as its OpenAPI document says it. Bodies with estimates are spliced from stored bytes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from compensation import DealEstimate, Money


class PayeeAnswer(BaseModel):
    """Somebody who can be paid."""

    id: str
    name: str


class Me(BaseModel):
    """Who the caller is. One person may have a record in several systems."""

    payees: list[PayeeAnswer]
    is_administrator: bool


class Health(BaseModel):
    status: Literal["ok"]


class SourceFreshness(BaseModel):
    """Up to when a system's changes are known; null if it was never read."""

    source: str
    complete_through: datetime | None


class _Read(BaseModel):
    calculated_at: datetime | None
    payees: list[PayeeAnswer]
    freshness: list[SourceFreshness]


class EstimateAnswer(_Read):
    """One payee's estimate; ``payees`` are those of the deal whom the caller may see."""

    estimate: DealEstimate | None


class EstimatesAnswer(_Read):
    """The estimates of all payees whom the caller may see, the oldest of them calculated at ``calculated_at``."""

    estimates: list[DealEstimate]


class VariationAnswer(BaseModel):
    """One variation; ``difference`` is its total less the baseline's (null if they are in two currencies).

    ``estimate`` is null if the variation's splits leave the payee out.
    """

    id: str
    estimate: DealEstimate | None
    difference: Money | None


class SimulationsAnswer(BaseModel):
    """The deal as it stands, and each variation."""

    baseline: DealEstimate
    variations: list[VariationAnswer]
