"""Parties: everybody whom a deal can credit, with the part of the deal that is theirs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.columns import collected
from compensation.crediting.transactions import Scenarios
from compensation.exact import MILLIONTHS, rounded
from compensation.facts.assignments import Assignments
from compensation.packing import first_occurrences, in_order
from compensation.plans.components import CreditTo, WhenLeft
from compensation.plans.parts import NEVER
from compensation.plans.rules import Rule

PARTIES = {
    CreditTo.OWNERS: ("owner",),
    CreditTo.OVERLAYS: ("overlay",),
    CreditTo.DIRECT_MANAGER: ("direct_manager",),
    CreditTo.ALL_MANAGERS: ("direct_manager", "upper_manager"),
    CreditTo.COVERAGE: ("coverage",),
    CreditTo.CUSTOMER: ("customer",),
}
"""The parties that each word of ``credit_to`` means."""

_KEY = ["scenario", "deal_id"]
_ORDER = (*_KEY, "is_overlay", "payee_id", "role")
_MANAGER = "manager"


@dataclass(frozen=True)
class Sharing:
    """How a rule divides a deal: by the shares that the deal names, unless it says otherwise."""

    role_shares: tuple[tuple[str, Fraction], ...] = ()
    remainder_to: str | None = None
    succeeds: bool = False

    @classmethod
    def of(cls, rule: Rule) -> "Sharing":
        component = rule.component
        roles = ((role, share.value) for role, share in component.role_shares.items())
        return cls(tuple(roles), component.remainder_to, component.when_left is WhenLeft.SUCCESSOR)


def parties_of(rule: Rule) -> set[str]:
    """The parties that a rule credits; by fixed shares of roles also the manager among them."""
    found = {party for to in rule.component.credit_to for party in PARTIES[to]}
    return found | ({"owner", "role_manager"} if rule.component.role_shares else set())


def parties(
    scenarios: Scenarios, assignments: Assignments, sharing: Sharing, wanted: Collection[str], unit: int
) -> pl.DataFrame:
    """Everybody whom a deal can credit: owners and overlays, and the managers above each owner if they are wanted.

    Columns scenario, deal_id, payee_id, role, party (owner, overlay, direct_manager, upper_manager; role_manager: by a
    fixed share), via_payee_id (the owner of a manager), owner_role, level (how far a manager is above the owner),
    share_from and share_to (the part of the deal that is theirs; ``unit`` is a whole), party_from, party_to, party_no.
    Owners whose shares do not make a whole are left out, see :func:`broken_splits`.
    """
    direct = _by_role(scenarios, sharing, unit) if sharing.role_shares else _as_named(scenarios, sharing, unit)
    if sharing.succeeds:
        direct = _succeeded(direct, assignments)
    parts = [direct.lazy()]
    if {"direct_manager", "upper_manager", "role_manager"} & set(wanted):
        chains = assignments.chains()
        parts.append(_managers(direct, chains))
        if _MANAGER in dict(sharing.role_shares):
            parts.append(_managers_by_role(direct, chains, sharing, unit))
    # The order of credit lines: owner by owner, each followed by the managers above, overlays last.
    order = (*_KEY, "is_last", "owner", "share_from", "party", "payee_id", "role", "party_from")
    everybody = pl.concat(parts).with_columns(
        (pl.col("party") == "overlay").alias("is_last"), pl.coalesce("via_payee_id", "payee_id").alias("owner")
    )
    found = in_order(collected(everybody), order)[direct.columns]
    first, deals = first_occurrences(found, _KEY)
    return found.hstack([(pl.int_range(found.height, eager=True) - first[deals]).alias("party_no")])


def broken_splits(participants: pl.DataFrame) -> pl.DataFrame:
    """The deals (scenario, deal_id) whose owners' shares do not add up to 100 %."""
    return _owned(participants).filter(pl.col("owned") != MILLIONTHS).select(_KEY)


def _owned(participants: pl.DataFrame) -> pl.DataFrame:
    owners = participants.filter(~pl.col("is_overlay"))
    return owners.group_by(_KEY).agg(pl.col("share_millionths").sum().alias("owned"))


def _as_named(scenarios: Scenarios, sharing: Sharing, unit: int) -> pl.DataFrame:
    """By the shares that the deals name."""
    share = pl.col("share_millionths").sum() * (unit // MILLIONTHS)
    people = scenarios.participants.group_by(*_KEY, "payee_id", "role", "is_overlay").agg(share.alias("share"))
    owned = pl.when("is_overlay").then(0).otherwise("share").sum().over(_KEY)
    fits = pl.col("owned") == unit if sharing.remainder_to is None else pl.col("owned") <= unit
    placed = in_order(people, _ORDER).lazy().with_columns(owned.alias("owned"), _SHARE_TO)
    direct = _direct(placed.filter(pl.col("is_overlay") | fits))
    if sharing.remainder_to is None:
        return direct
    broken = _owned(scenarios.participants).filter(pl.col("owned") > MILLIONTHS).select(_KEY)
    return pl.concat([direct, _remainder(direct, scenarios, broken, sharing, unit)])


def _by_role(scenarios: Scenarios, sharing: Sharing, unit: int) -> pl.DataFrame:
    """By fixed shares of roles: people of one role have equal parts of it."""
    roles = dict(sharing.role_shares)
    schema = {"role": pl.String, "role_no": pl.Int64, "role_share": pl.Int64}
    shares = [(role, number, rounded(share * unit)) for number, (role, share) in enumerate(roles.items())]
    rows = [row for row in shares if row[0] != _MANAGER]
    people = scenarios.participants.select(*_KEY, "payee_id", "role").unique()
    people = people.join(pl.DataFrame(rows, schema=schema, orient="row"), on="role").sort(*_KEY, "role_no", "payee_id")
    role, place = [*_KEY, "role"], pl.int_range(pl.len())
    people = people.with_columns(place.over(role).alias("_place"), pl.len().over(role).cast(pl.Int64).alias("_people"))
    upto, below = (
        (2 * pl.col("role_share") * (pl.col("_place") + after) + pl.col("_people")) // (2 * pl.col("_people"))
        for after in (1, 0)
    )
    people = people.with_columns((upto - below).alias("share"), pl.lit(False).alias("is_overlay"))
    direct = _direct(people.lazy().with_columns(_SHARE_TO))
    if sharing.remainder_to is None:
        return direct
    nobody = pl.DataFrame(schema={"scenario": pl.String, "deal_id": pl.String})
    return pl.concat([direct, _remainder(direct, scenarios, nobody, sharing, unit)])


_SHARE_TO = pl.when("is_overlay").then("share").otherwise(pl.col("share").cum_sum().over(_KEY)).alias("share_to")
"""The people's shares one after another; overlays come on top and have each their own."""


def _direct(people: pl.LazyFrame) -> pl.DataFrame:
    """Those who take part in the deals themselves, as parties; ``people`` have share and share_to."""
    placed = people.select_seq(
        *(*_KEY, "payee_id", "role"),
        pl.when("is_overlay").then(pl.lit("overlay")).otherwise(pl.lit("owner")).alias("party"),
        pl.lit(None, pl.String).alias("via_payee_id"),
        pl.col("role").alias("owner_role"),
        pl.lit(0, pl.Int64).alias("level"),
        (pl.col("share_to") - pl.col("share")).alias("share_from"),
        "share_to",
        pl.lit(date.min).alias("party_from"),
        pl.lit(NEVER).alias("party_to"),
    )
    return collected(placed)


def _remainder(
    direct: pl.DataFrame, scenarios: Scenarios, broken: pl.DataFrame, sharing: Sharing, unit: int
) -> pl.DataFrame:
    """What the owners' shares leave of every deal, those without owners included."""
    reserved = rounded(dict(sharing.role_shares).get(_MANAGER, Fraction(0)) * unit)
    owners = direct.filter(pl.col("party") == "owner").group_by(_KEY).agg(pl.col("share_to").max().alias("owned"))
    deals = scenarios.transactions.select(_KEY).unique().join(broken, on=_KEY, how="anti")
    left = deals.join(owners, on=_KEY, how="left").with_columns(
        (pl.col("owned").fill_null(0) + reserved).alias("owned")
    )
    return (
        left.filter(pl.col("owned") < unit)
        .with_columns(
            pl.lit(sharing.remainder_to).alias("payee_id"),
            pl.lit("remainder").alias("role"),
            pl.lit("owner").alias("party"),
            pl.lit(None, pl.String).alias("via_payee_id"),
            pl.lit("remainder").alias("owner_role"),
            pl.lit(0, pl.Int64).alias("level"),
            pl.col("owned").alias("share_from"),
            pl.lit(unit, pl.Int64).alias("share_to"),
            pl.lit(date.min).alias("party_from"),
            pl.lit(NEVER).alias("party_to"),
        )
        .select(direct.columns)
    )


def _succeeded(direct: pl.DataFrame, assignments: Assignments) -> pl.DataFrame:
    """Owners on the days that they are there, and whoever succeeds them on the days after they have left."""
    owners = direct.filter(pl.col("party") == "owner").drop("party_from", "party_to")
    dated = owners.join(assignments.successions(), on="payee_id", how="inner")
    replaced = dated.with_columns(pl.col("successor_id").alias("payee_id"))
    return pl.concat([replaced.select(direct.columns), direct.filter(pl.col("party") != "owner")])


def _managers(direct: pl.DataFrame, chains: pl.DataFrame) -> pl.LazyFrame:
    owners = direct.lazy().filter(pl.col("party") == "owner").drop("level")
    above = owners.join(chains.lazy(), on="payee_id", how="inner")
    level = pl.when(pl.col("level") == 1).then(pl.lit("direct_manager")).otherwise(pl.lit("upper_manager"))
    managed = above.with_columns_seq(
        pl.col("payee_id").alias("via_payee_id"),
        pl.col("manager_id").alias("payee_id"),
        pl.lit(_MANAGER).alias("role"),
        level.alias("party"),
        pl.max_horizontal("party_from", "chain_from").alias("party_from"),
        pl.min_horizontal("party_to", "chain_to").alias("party_to"),
    )
    return managed.filter(pl.col("party_from") < pl.col("party_to")).select(direct.columns)


def _managers_by_role(direct: pl.DataFrame, chains: pl.DataFrame, sharing: Sharing, unit: int) -> pl.LazyFrame:
    """The direct manager of the first owner, with the fixed share of managers, which follows those of all owners."""
    owners = direct.filter(pl.col("party") == "owner", pl.col("role") != "remainder")
    upto = owners.group_by(_KEY).agg(pl.col("share_to").max().alias("_upto"))
    first = owners.filter(pl.col("share_from") == pl.col("share_from").min().over(_KEY))
    managers = _managers(first, chains.filter(pl.col("level") == 1)).join(upto.lazy(), on=_KEY, how="left")
    share = rounded(dict(sharing.role_shares)[_MANAGER] * unit)
    return managers.with_columns(
        pl.lit("role_manager").alias("party"),
        pl.lit(_MANAGER).alias("owner_role"),
        pl.col("_upto").alias("share_from"),
        (pl.col("_upto") + share).alias("share_to"),
    ).select(direct.columns)


def distinct_sharings(rules: Sequence[Rule]) -> list[Sharing]:
    """The ways in which the rules divide deals, the usual one first."""
    return list(dict.fromkeys([Sharing(), *(Sharing.of(rule) for rule in rules)]))
