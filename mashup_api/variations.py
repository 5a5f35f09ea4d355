"""What-if questions as they arrive, checked strictly, and as the calculation takes them.

Amounts and ratios are text, never JSON numbers: nothing is read through a double, and NaN or 1e400 cannot be written.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MAX_SPLITS = 50
MAX_EARLIER_DEALS = 200
MAX_LINES = 200

AmountText = Annotated[
    str,
    Field(description="Decimal text in the deal's currency, e.g. 12500.50", examples=["12500.50"]),
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?$"),
]
RatioText = Annotated[
    str,
    Field(description="0 to 1 as decimal text, e.g. 0.125 for 12.5 %", examples=["0.125"]),
    StringConstraints(pattern=r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"),
]
KeyText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}:[^\x00]{1,200}$")]
NameText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Split(_Strict):
    """One payee's share of the deal. Without ``is_overlay``, the shares of a variation add up to 1."""

    payee: KeyText
    share: RatioText
    role: NameText = "owner"
    is_overlay: bool = False


class ProductLine(_Strict):
    """One line of the changed deal, by the product's name; the amount is of the whole line."""

    product: NameText
    amount: AmountText
    quantity: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")] = "1"


class Variation(_Strict):
    """The open deal, changed. What is not named stays as it is in the CRM.

    ``splits`` are those of what is open: what is booked of the deal stays with those who were credited with it, also
    where the same change in the CRM would credit it anew.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
    amount: AmountText | None = None
    discount_ratio: RatioText | None = None
    close_on: Day | None = None
    splits: Annotated[list[Split], Field(min_length=1, max_length=MAX_SPLITS)] | None = None
    products: Annotated[list[ProductLine], Field(min_length=1, max_length=MAX_LINES)] | None = None
    earlier_deals: Annotated[list[KeyText], Field(max_length=MAX_EARLIER_DEALS)] = []

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.amount is not None and self.products is not None:
            raise ValueError("give either amount or products: the amount of products is the sum of their lines")
        if self.splits is not None and _owned(self.splits) != 1:
            raise ValueError("the shares of splits (overlays aside) have to add up to 1")
        if self.splits is not None and len({split.payee for split in self.splits}) < len(self.splits):
            raise ValueError("a payee has one split; add up the shares of those who are named twice")
        return self


def _owned(splits: list[Split]) -> Decimal:
    return sum((Decimal(split.share) for split in splits if not split.is_overlay), Decimal(0))


class Simulations(_Strict):
    """One or many variations, answered in one go."""

    variations: Annotated[list[Variation], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({variation.id for variation in self.variations}) < len(self.variations):
            raise ValueError("each variation needs an id of its own")
        return self
