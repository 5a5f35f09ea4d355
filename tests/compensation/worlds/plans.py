"""Generated plans over the whole language."""

import json
from collections.abc import Collection
from random import Random

from compensation import Plan, parse_plan
from tests.compensation.worlds.companies import CUSTOMERS, REGIONS, TYPES
from tests.compensation.worlds.conditions import Conditions
from tests.compensation.worlds.dice import (
    MEASURES,
    MONEY,
    NOT_YET,
    NUMBERS,
    OF_MONEY,
    OF_PERIODS,
    OF_QUOTA,
    PERIODS,
    RARE_MONEY,
    RARE_NUMBERS,
    WITHIN_MONTHS,
    Written,
    counts_money,
    needs_target,
    sharing,
)
from tests.compensation.worlds.paying import hold_back, payments_of


def plans(random: Random, number: int, wanted: Collection[str] = (), paying: Random | None = None) -> list[Plan]:
    """A plan of a few components, perhaps in two versions, of which the later one continues.

    ``paying`` throws for what happens after an earning; without it everything is paid at once.
    """
    writer = PlanWriter(random, number, wanted)
    written = writer.plan()
    terms: Written = {}
    if paying is not None:
        hold_back(paying, written)
        terms, earlier_terms = ({"payments": payments_of(paying, is_rebate=writer.is_rebate)} for _ in range(2))
        written |= earlier_terms
    is_on_earnings = any("earnings_of" in each for each in written["components"])
    if not writer.chance("versions", 0.15) or (is_on_earnings and "versions_of_earnings" in NOT_YET):
        return [_parsed(written, number)]
    earlier = {**written, "effective": {"from": "2025-11-01", "through": "2026-05-16"}}
    continued = [
        {**each, "continues_earlier_version": "yes"} if "credited_on" in each and "earnings_of" not in each else each
        for each in written["components"]
    ]
    later = {**written, "effective": {"from": "2026-05-17"}, "components": continued, **terms}
    if writer.turned_to("other_limits"):
        later = json.loads(json.dumps(later).replace('"amount": "', '"amount": "1'))
    return [_parsed(earlier, number), _parsed(later, number)]


def _parsed(written: Written, number: int) -> Plan:
    return parse_plan(json.dumps(written, indent=1), f"generated-{number}.yaml")


class PlanWriter(Conditions):
    """Writes one plan."""

    def plan(self) -> Written:
        random = self.random
        is_rebate = self.chance("customers", 0.06)
        self.is_rebate = is_rebate
        written: Written = {
            "plan": f"Plan {self.number}",
            "currency": self.currency,
            "effective": random.choice(
                ({"from": "2026-01-01", "through": "2026-12-31"}, {"from": "2025-11-01"}, {"from": "2026-02-15"})
            ),
            "applies_to": self._customers() if is_rebate else self._applies_to(),
            "measures": MEASURES,
            "plan_rates": {"EUR": "1.1", "USD": "0.95"},
        }
        if self.chance("year_starts", 0.2):
            written["year_starts"] = random.choice(("4", "2"))
        written["two_weeks_start"] = random.choice(("2026-01-05", "2026-03-01"))
        for place in range(random.choice((1, 2, 3))):
            self.components.append(self._component(f"c{place}"))
        if len(self.components) > 1:
            self._compose(written)
        written["components"] = self.components
        written["figures"] = self.figures
        return written

    def _applies_to(self) -> Written:
        return self.random.choice(
            (
                {"titles": ["Rep", "Manager", "Director", "Specialist"]},
                {"everyone": "yes"},
                {"titles": ["Rep", "Specialist"]},
                {"regions": ["North"]},
                {"teams": ["Alpha", "Beta"]},
                {"everyone": "yes"},
                {"channels": "Direct", "titles": "Rep"},
            )
        )

    def _customers(self) -> Written:
        return self.random.choice(({"all_customers": "yes"}, {"customers": ["Acme", "Bolt"]}))

    def _compose(self, written: Written) -> None:
        """What ties components together."""
        random = self.random
        names = [each["component"] for each in self.components]
        first, last = self.components[0], self.components[-1]
        alike = "mixed_sharing" not in NOT_YET or len({sharing(each) for each in self.components}) == 1
        if self.chance("caps", 0.25) and alike:
            written["caps"] = [self._cap(names)]
        if self.chance("first_match", 0.1):
            for each in self.components:
                if "recurs" not in each:
                    each["first_match"] = "goods"
        pays_lines = all("credited_on" in each and "pool" not in each["payout"] for each in (first, last))
        alike = alike and first["period"] == last["period"] and counts_money(first) == counts_money(last)
        plain = "accumulate_by" not in first and "accumulate_by" not in last
        plain = plain and (("cap" not in first and "cap" not in last) or "opening_above_cap" not in NOT_YET)
        plain = plain and not self.looks_at_pay
        if pays_lines and alike and plain and first is not last and self.chance("accumulate_with", 0.5):
            first["accumulate_with"] = last["accumulate_with"] = "together"
        elif (
            pays_lines
            and ("cap" not in last or "opening_above_cap" not in NOT_YET)
            and self.chance("less_earnings_of", 0.15)
        ):
            last["less_earnings_of"] = names[0]
        elif pays_lines and self.chance("earnings_of", 0.2):
            self.components.append(self._on_earnings(names))
        may_look = (
            "accumulate_with" not in last
            and "credited_on" in first
            and "pool" not in {**first["payout"], **last["payout"]}
            and last["period"] not in ("ever", *WITHIN_MONTHS)
        )
        if random.random() < 0.2 and may_look and self.chance("earnings_figures", 1):
            self.figures["pay"] = {"earnings_of": names[0]}
            last.setdefault("gates", []).append(
                {"figure": "pay", "at_least": str(random.randrange(0, 900)), "otherwise": "30%"}
            )
            if last is first or "less_earnings_of" in first:
                last["gates"].pop()

    def _on_earnings(self, names: list[str]) -> Written:
        return {
            "component": "override",
            "earnings_of": names[0],
            "credited_on": "earning",
            "measure": "earnings",
            "credit_to": self.random.choice(("direct_manager", "owners", "all_managers")),
            "period": "quarter",
            "payout": {"rate": f"{self.random.randrange(1, 30)}%"},
        }

    def _cap(self, names: list[str]) -> Written:
        random = self.random
        written: Written = {
            "cap": "together",
            "components": names,
            "amount": str(random.randrange(200, 8000)),
            "of": self.one_of("payee", "cap_of_others:team", "cap_of_others:everyone")
            if "cap_of_others" not in NOT_YET
            else "payee",
            "attribution": random.choice(("crossing", "crossing", "pro_rata")),
        }
        written["of"] = written["of"].split(":")[-1]
        per = self.turned_to("deal", "transaction") or random.choice(("period", "period", "deal", "transaction"))
        if per != "period" and self.chance("share_caps", 0.4):
            del written["amount"]
            written |= {"share": random.choice(("3%", "0.12")), "measure": random.choice(("revenue", "margin"))}
            if self.chance("cap_rate", 0.5):
                written["exchange_rate"] = random.choice(("credited_on", "month_average", "plan_rate"))
        return written | ({"period": random.choice(("month", "quarter", "year"))} if per == "period" else {"per": per})

    # a component

    def _component(self, name: str) -> Written:
        random = self.random
        period = random.choice(PERIODS)
        written: Written = {"component": name, "period": self.turned_to(*PERIODS) or period}
        kind = "lines" if random.random() < 0.8 else self.one_of(*OF_PERIODS)
        kind = self.turned_to(*OF_PERIODS) or kind
        if self.is_rebate:
            kind = "lines"
        self.kind = kind
        if not self.is_rebate and self.chance("only_for", 0.15):
            written["only_for"] = self._only_for()
        if kind in ("lines", "pool"):
            self._crediting(written)
        if kind == "lines":
            self._lines(written)
        else:
            if written["period"] in ("ever", *WITHIN_MONTHS):
                written["period"] = "quarter"
            {
                "scorecard": self._scorecard,
                "matrix_pays": self._matrix_pays,
                "pool": self._pool,
                "ranking": self._ranking,
            }[kind](written)
        if kind != "pool" or self.turned_to("pool_conditions"):
            self._conditions(written, kind)
        if self.chance("target", 1) and needs_target(written):
            written["target_pay"] = self._target()
        return written

    def _only_for(self) -> Written:
        return self.random.choice(
            (
                {"titles": ["Rep", "Director"]},
                {"regions": list(REGIONS)},
                {"channels": "Direct", "titles": "Rep"},
                {"teams": ["Alpha", "Gamma"]},
                {"payees": ["r0", "r1", "r2", "m0"]},
            )
        )

    def _crediting(self, written: Written) -> None:
        random = self.random
        written["credited_on"] = random.choice(("invoice", "invoice", "invoice", "booking", "order", "receipt"))
        self._parties(written)
        if self.chance("share", 0.3):
            written["share"] = random.choice(("50%", "17.5%", "0.3333", "120%"))
        if self.chance("filter", 0.3):
            written["filter"] = self._filter()
        if self.chance("window", 0.15):
            written["window"] = {"from": "2026-02-01", "through": "2026-10-31"}
        if self.chance("returns_current", 0.2):
            written["returns"] = "current"
        if self.chance("exchange", 0.25):
            written["exchange_rate"] = random.choice(("month_average", "plan_rate"))
        if self.chance("converted_after_share", 0.15):
            written["converted_after_share"] = "yes"
        if self.chance("recurs", 0.07):
            written["recurs"] = {
                "every": random.choice(("month", "quarter", "year")),
                "times": str(random.randrange(1, 8)),
                "divided": random.choice(("yes", "no")),
            }

    def _parties(self, written: Written) -> None:
        random = self.random
        if self.is_rebate:
            written["credit_to"] = "customer"
        elif self.chance("coverage", 0.08):
            written |= {"credit_to": "coverage", "covering": random.choice(("first", "all"))}
        elif self.chance("role_shares", 0.06):
            written["role_shares"] = random.choice(
                ({"AE": "60%", "SE": "25%", "manager": "15%"}, {"SDR": "33.3%", "AE": "90%"})
            )
            if self.turned_to("role_remainder"):
                written["role_shares"] = random.choice(
                    ({"AE": "33.33335%", "manager": "10.00005%"}, {"SDR": "50%"}, {"manager": "40%", "SE": "7%"})
                )
                written["remainder_to"] = "r0"
        else:
            written["credit_to"] = random.choice(
                (
                    "owners",
                    "owners",
                    ["owners", "overlays"],
                    "direct_manager",
                    "all_managers",
                    ["owners", "all_managers"],
                )
            )
            if self.chance("remainder", 0.06) and written["credit_to"] == "owners":
                written["remainder_to"] = "r0"
            if self.chance("successor", 0.1):
                written["when_left"] = "successor"
            if self.chance("roles", 0.06) and written["credit_to"] == "owners":
                written["roles"] = "AE"

    def _filter(self) -> Written:
        random = self.random
        choices: list[Written] = [
            {"product_families": "Software"},
            {"products": ["Pump", "Suite"]},
            {"customers": list(CUSTOMERS[:2])},
            {"regions": "North"},
            {"channels": "Direct"},
            {"document_types": list(TYPES[:2])},
            {"excluding": {"products": "Valve", "document_types": "sample"}},
            {"excluding": {"attributes": {"grade": "silver"}}},
            {"attributes": {"grade": "gold"}},
        ]
        if not self.is_rebate and self.chance("own", 1):
            choices += [{"own": "region"}, {"own": ["region", "channel"]}]
        if self.turned_to("rare_filters"):
            choices = [
                {"own": ["team", "title"]},
                {"own": "channel", "attributes": {"team": ["Alpha", "Beta"]}},
                {"products": ["Pump", "Suite"], "excluding": {"customers": "Acme", "attributes": {"grade": "gold"}}},
                {"attributes": {"grade": ["silver", "gold"], "team": "Gamma"}, "excluding": {"regions": "North"}},
            ]
        return random.choice(choices)

    def _lines(self, written: Written) -> None:
        """Measure, position, mode, shape: what pays on credits."""
        random = self.random
        mode = random.choice(
            ("curve", "curve", "curve", "sliced", "rate_before", "rate_after", self.one_of("rate_reached", "curve"))
        )
        mode = self.turned_to("rate_reached") or mode
        by_quota = self.chance("quota", 0.35) and not self.is_rebate
        position = random.choice(OF_QUOTA) if by_quota else random.choice(MONEY + NUMBERS)
        measure = position if mode == "curve" else random.choice((*MONEY[:6], *NUMBERS[:4]))
        if written.get("returns") == "current":
            position, measure = (
                ("revenue", "revenue")
                if mode == "curve"
                else (random.choice(("revenue", "quantity")), random.choice(("margin", "revenue")))
            )
            by_quota = by_quota and position == "revenue"
        rare = self.turned_to(*RARE_MONEY, *RARE_NUMBERS)
        if rare is not None and not by_quota:
            position, measure = (rare, rare) if mode == "curve" else (position, rare)
        written |= {"measure": measure, "mode": mode}
        if position != measure:
            written["position"] = position
        if by_quota and written["period"] in ("week", "two-weeks", "ever"):
            written["period"] = "quarter"
        self.may_multiply = True
        if by_quota:
            self._quota(written)
        if self.chance("accumulate_by", 0.2):
            by = random.choice(("customer", "deal", "transaction", "transaction", "team"))
            if f"by_{by}" not in NOT_YET and (by != "team" or not self.is_rebate):
                written["accumulate_by"] = by
        if self.chance("cases", 0.15):
            written["payout"] = self._cases(mode, measure, by_quota=by_quota)
        elif self.chance("matrix_rates", 0.05) and measure in OF_MONEY:
            written["payout"] = self._matrix_of_rates()
        else:
            written["payout"] = self._shape(mode, measure, by_quota=by_quota)
        self._bends(written)

    def _bends(self, written: Written) -> None:
        random = self.random
        if self.chance("opening_pay", 0.2):
            written["opening_pay"] = str(random.randrange(1, 900))
            if self.chance("opening_prorated", 0.4) and not self.is_rebate:
                written["opening_prorated"] = random.choice(("by_days", "by_months"))
        if self.chance("upper_included", 0.3):
            written["upper_included"] = "yes"
        if self.chance("below_zero", 0.3):
            written["below_zero"] = "nothing"
        if self.chance("split_earning", 0.1) and "share" not in written and "role_shares" not in written:
            written["split"] = "earning"
        if self.chance("less_paid_below", 0.3) and written.get("credit_to") == ["owners", "all_managers"]:
            written["less_paid_below"] = "yes"
        if self.chance("pro_rata", 0.12):
            written["attribution"] = "pro_rata"
        if self.chance("rounding", 0.2):
            written["rounding"] = {"mode": random.choice(("half_away", "half_even", "down", "up"))}
            if self.chance("rounding_to", 0.5):
                written["rounding"]["to"] = random.choice(("1", "10", "5"))
            if self.chance("each_line", 0.3):
                written["rounding"]["each_line"] = "yes"
        if self.chance("clawback", 0.15):
            written["clawback"] = random.choice(
                (
                    {"share": "50%"},
                    {"by_age": [{"within_months": "2", "share": "100%"}, {"within_months": "4", "share": "30%"}]},
                    {"vests_over_months": "5"},
                    {"before_minimum": "yes"},
                )
            )

    def _quota(self, written: Written) -> None:
        random = self.random
        terms: Written = {}
        if self.chance("quota_amount", 0.25):
            terms["amount"] = str(random.randrange(1000, 40_000))
            if self.chance("quota_for_year", 0.4) and written["period"] in ("quarter", "month"):
                terms["for"] = "year"
                if written["period"] == "quarter":
                    terms["weights"] = ["20%", "30%", "10%", "40%"]
        if written["period"] == "half-month":
            terms |= {"amount": str(random.randrange(1000, 9000)), "for": "month"}
        if self.chance("quota_share", 0.15):
            terms["share"] = random.choice(("50%", "110%"))
        if self.chance("ramp", 0.15):
            terms["ramp"] = [{"through_month": "2", "share": "25%"}, {"through_month": "5", "share": "50%"}]
        if self.chance("prorated", 0.2):
            terms["prorated"] = random.choice(("by_days", "by_months"))
        if self.chance("is_met", 0.1):
            terms["when_missing"] = "is_met"
            self.may_multiply = "is_met_by_multipliers" not in NOT_YET
        if terms:
            written["quota"] = terms
