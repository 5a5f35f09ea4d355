"""Generated figures, and what looks at them: scorecards, matrices, pools, rankings, gates, modifiers; and limits."""

from typing import Any

from tests.compensation.worlds.dice import NOT_YET, OF_PERIODS, WITHIN_MONTHS, Written, based, is_alone, tiers
from tests.compensation.worlds.shapes import Shapes

_LONGER = {
    "half-month": ("month", "year"),
    "month": ("quarter", "year", "year"),
    "quarter": ("half-year", "year", "year"),
    "half-year": ("year",),
}


class Conditions(Shapes):
    """Writes pay of periods, and the conditions on any pay."""

    def _scorecard(self, written: Written) -> None:
        random = self.random
        kpis = []
        for number, weight in enumerate(random.choice((("60%", "40%"), ("1",), ("50%", "30%", "20%")))):
            kpi: Written = {"kpi": f"k{number}", "figure": self._figure(written), "weight": weight}
            table = random.choice(("bands", "points", "plain"))
            if table == "bands":
                kpi["bands"] = [{"from": "50%", "score": "0.5"}, {"from": "above 1", "score": "120%"}]
            elif table == "points":
                kpi["points"] = [{"at": "80%", "score": "0"}, {"at": "1", "score": "1"}, {"at": "1.5", "score": "2.5"}]
            if random.random() < 0.4:
                kpi |= {"cap": "150%", "floor": "10%"}
            kpis.append(kpi)
        written["payout"] = {"scorecard": kpis}

    def _matrix_pays(self, written: Written) -> None:
        random = self.random
        rows = {"by": self._figure(written), "from": ["50%", "above 80%", "110%"]}
        columns = {"by": self._figure(written), "from": ["0", "1"]}
        unit = random.choice(("%", ""))
        grid = [[f"{random.randrange(200)}{unit}" for _ in range(2)] for _ in range(3)]
        written["payout"] = {
            "matrix": {
                "rows": rows,
                "columns": columns,
                "pays": grid,
                "interpolated": "yes" if self.chance("interpolated", 0.5) else "no",
            }
        }

    def _pool(self, written: Written) -> None:
        random = self.random
        written["measure"] = random.choice(("revenue", "quantity"))
        by_quota = self.chance("quota", 0.3)
        size = self._shape("curve", written["measure"], by_quota=by_quota)
        while "multiplier" in str(size) or "%" in str([point["pays"] for point in size.get("points", [])]):
            size = self._shape("curve", written["measure"], by_quota=by_quota)
        divided = random.choice(("equally", "by_measure", self._figure(written)))
        written["payout"] = {
            "pool": {"of": random.choice(("team", "title", "region", "plan")), "size": size, "divided": divided}
        }

    def _ranking(self, written: Written) -> None:
        random = self.random
        written["payout"] = {
            "ranking": {
                "by": self._figure(written),
                "among": random.choice(("team", "title", "region", "plan")),
                "prizes": [
                    str(random.randrange(1000 - 300 * number, 1200)) for number in range(random.randrange(1, 4))
                ],
                "ties": random.choice(("each", "share", "nobody")),
            }
        }
        if self.chance("top", 0.4):
            del written["payout"]["ranking"]["prizes"]
            written["payout"]["ranking"]["top"] = [
                {"share": share, "prize": str(random.randrange(100, 1200))} for share in ("10%", "30%", "75%")
            ]

    # figures, gates, modifiers, limits

    def _figure(self, written: Written) -> str:
        name = f"f{len(self.figures)}"
        self.figures[name] = self._written_figure(written)
        return name

    def _written_figure(self, written: Written, depth: int = 0) -> Written:
        random = self.random
        choices = ["metric", "metric", "tenure_months"]
        looked_at = [each for each in self.components if self._may_be_looked_at(each, written)]
        if looked_at:
            choices += [
                "total_of",
                "total_of",
                *(
                    ["attainment_of"] * 2
                    if any(based(each) for each in looked_at) and written["period"] != "ever"
                    else []
                ),
            ]
        if depth == 0:
            choices += ["sum", "difference", "product", "ratio", "min", "max"]
        if looked_at and written["period"] not in ("ever", *WITHIN_MONTHS) and self.turned_to("pay_figure"):
            self.looks_at_pay = True
            earners = random.sample(looked_at, random.randrange(len(looked_at)) + 1)
            return {"earnings_of": [each["component"] for each in earners], "of": self._of()}
        source = random.choice([each for each in choices if each not in NOT_YET])
        source = self.turned_to(*choices) or source
        figure: Written
        if source == "tenure_months":
            figure = {"tenure_months": "yes"}
        elif source == "metric":
            figure = {"metric": random.choice(("satisfaction", "growth")), "of": self._of()}
        elif source in ("total_of", "attainment_of"):
            known = [each for each in looked_at if source == "total_of" or based(each)]
            figure = {source: random.choice(known)["component"], "of": self._of()}
            if self.chance("figure_over", 0.3) and written["period"] in _LONGER:
                figure["over"] = random.choice(_LONGER[written["period"]])
                if source == "attainment_of":
                    figure["quota"] = random.choice(("whole", "to_date"))
            if source == "total_of" and depth == 0 and self.turned_to("scaled"):
                figure = {"product": [figure, random.choice(("0.00002", "0.0002"))]}
        else:
            terms: list[Any] = [
                self._written_figure(written, 1),
                random.choice(("0.5", "2", self._written_figure(written, 1))),
            ]
            figure = {source: terms}
        if random.random() < 0.15:
            figure["rounded_to"] = random.choice(("0.05", "1%", "1"))
        return figure

    def _of(self) -> str:
        return self.random.choice(
            (
                "payee",
                "payee",
                "payee",
                *(each for each in ("team", "reports", "everyone") if f"of_{each}" not in NOT_YET),
            )
        )

    def _may_be_looked_at(self, each: Written, written: Written) -> bool:
        lengths = ("week", "two-weeks", "half-month", "month", "quarter", "half-year", "year", "ever")
        return (
            "credited_on" in each
            and lengths.index(each["period"]) <= lengths.index(written["period"])
            and each["period"] not in ("week", "two-weeks")
        )

    def _conditions(self, written: Written, kind: str) -> None:
        random = self.random
        has_end = written["period"] != "ever"
        if self.chance("gates", 0.2) and not self.is_rebate and has_end:
            written["gates"] = [self._gate(written, kind) for _ in range(random.choice((1, 1, 2)))]
        if self.chance("modifiers", 0.2) and not self.is_rebate and has_end:
            written["modifiers"] = [self._modifier(written) for _ in range(random.choice((1, 1, 2)))]
        if self.chance("limits", 0.3):
            self._limits(written, kind)
        if kind in OF_PERIODS and self.turned_to("rounding_to"):
            written["rounding"] = {"to": random.choice(("1", "10", "5")), "mode": random.choice(("half_away", "down"))}

    def _gate(self, written: Written, kind: str) -> Written:
        random = self.random
        comparison = random.choice(("at_least", "above", "at_most", "below"))
        gate: Written = {"figure": self._figure(written), comparison: random.choice(("90%", "1", "3", "1000"))}
        choices = ["nothing", "nothing", "50%"]
        own_tiers = tiers(written)
        if own_tiers and "base_rate" not in NOT_YET:
            choices.append("base_rate")
        gate["otherwise"] = random.choice(choices)
        if own_tiers and kind == "lines" and self.chance("covers", 0.5):
            bound = own_tiers[-1]["from"]
            gate["covers"] = random.choice((bound, bound, bound.removeprefix("above "), f"above {bound.split()[-1]}"))
        elif (
            written.get("mode") == "curve"
            and "cases" not in written["payout"]
            and self.chance("target_gate", 0.2)
            and is_alone(written)
        ) or (kind in OF_PERIODS and self.turned_to("target_gate")):
            gate["otherwise"] = "target"
            written["target_wanted"] = True
        return gate

    def _modifier(self, written: Written) -> Written:
        random = self.random
        form = random.choice([each for each in ("bands", "factor_points", "itself", "manual") if each not in NOT_YET])
        if form == "manual":
            return {"modifier": "judgement", "manual": "yes", "at_least": "90%", "at_most": "115%"}
        modifier: Written = {"modifier": f"m{random.randrange(99)}", "by": self._figure(written)}
        if form == "bands":
            modifier["bands"] = [{"from": "60%", "factor": "0.9"}, {"from": "above 1", "factor": "125%"}]
        elif form == "factor_points":
            modifier["points"] = [{"at": "0.5", "factor": "0.7"}, {"at": "150%", "factor": "1.3"}]
        else:
            modifier |= {"at_least": "0", "at_most": "2"}
        if random.random() < 0.2:
            modifier["rounded_to"] = "0.05"
        return modifier

    def _limits(self, written: Written, kind: str) -> None:
        random = self.random
        per = random.choice(("period", "period", "deal", "transaction")) if kind == "lines" else "period"
        per = self.turned_to("deal", "transaction") or per if kind == "lines" else per
        is_curve = written.get("mode") == "curve" and is_alone(written)
        if per == "period" and not is_curve and kind == "lines" and "opening_above_cap" in NOT_YET:
            per = "transaction"
        limit: Written = {"per": per, "amount": str(random.randrange(50, 6000))}
        if self.chance("target", 0.2):
            limit = {"per": per, "of_target": f"{random.randrange(20, 250)}%"}
        if (
            per == "period"
            and written.get("mode") == "curve"
            and is_alone(written)
            and self.chance("before_modifiers", 0.4)
        ):
            limit["before_modifiers"] = "yes"
        if kind in OF_PERIODS and self.turned_to("before_modifiers"):
            limit["before_modifiers"] = "yes"
        if random.random() < 0.65:
            written["cap"] = limit
        else:
            limit.pop("before_modifiers", None)
            written["floor"] = limit
            if self.chance("floor_and_cap", 0.3) and (is_curve or "opening_above_cap" not in NOT_YET):
                written["cap"] = {"amount": "6000"}

    def _target(self) -> str | Written:
        random = self.random
        choices: list[str | Written] = [str(random.randrange(500, 9000)), {"amount": "3000", "share": "30%"}]
        if not self.is_rebate and self.chance("of_salary", 1):
            choices += [{"of_salary": "2.5%"}]
        if not self.is_rebate and self.chance("each_payee", 1):
            choices += [{"each_payee": "yes"}]
        return random.choice(choices)
