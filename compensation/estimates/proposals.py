"""Proposals: open deals as they stand or as somebody imagines them."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from compensation.exact import MILLIONTHS


@dataclass(frozen=True)
class ProposedShare:
    """A person's share of the deal; owners' shares add up to 1,000,000 millionths, overlays come on top."""

    payee_id: str
    share_millionths: int
    role: str = "owner"
    is_overlay: bool = False


@dataclass(frozen=True)
class ProposedLine:
    """A product of the deal. ``margin_minor`` None: not known."""

    product: str | None
    amount_minor: int
    product_family: str | None = None
    quantity_millionths: int = MILLIONTHS
    margin_minor: int | None = None


@dataclass(frozen=True)
class Proposal:
    """A change to an open deal; what is None stays as it is. Applied in this order: products, amount, discount.

    ``amount_minor`` scales revenue and margin of the lines, quantities stay. ``discount_ratio`` (0.1 is 10 %) lowers
    revenue, and margin by as much. ``splits`` replace the owners (and the overlays, if there are any among them) of
    what is open; what is booked of the deal stays with those who were credited with it.
    ``earlier_deal_ids``: open deals that are assumed to close before this one. ``scenario`` names the result, uniquely.
    """

    scenario: str
    deal_id: str
    amount_minor: int | None = None
    discount_ratio: Fraction | None = None
    close_on: date | None = None
    splits: tuple[ProposedShare, ...] | None = None
    products: tuple[ProposedLine, ...] | None = None
    earlier_deal_ids: frozenset[str] = frozenset()


def propose(deal_id: str, scenario: str | None = None) -> Proposal:
    """The deal as it stands; its scenario is called after it unless named."""
    return Proposal(deal_id if scenario is None else scenario, deal_id)
