"""Generated shapes of pay, and cases that differ by an attribute or a number."""

from tests.compensation.worlds.companies import CHANNELS, CUSTOMERS, GRADES, PRODUCTS, REGIONS, TYPES
from tests.compensation.worlds.dice import MONEY, NOT_YET, Dice, Written


class Shapes(Dice):
    """Writes payouts that pay on credits."""

    def _shape(self, mode: str, measure: str, *, by_quota: bool, with_amounts: bool = True) -> Written:
        random = self.random
        has_money = measure in MONEY
        shapes = ["marginal_tiers", "marginal_tiers", "whole_amount_tiers", "whole_amount_tiers"]
        if not by_quota:
            shapes.append("flat")
        if has_money:
            shapes.append("excess")
        if mode == "curve" and with_amounts:
            shapes += ["steps", "points", *([] if by_quota else ["amount"])]
        shape = random.choice([each for each in shapes if each not in NOT_YET])
        if shape == "flat":
            return self._pay(measure, "rate")
        if shape == "amount":
            return {"amount": str(random.randrange(1, 400))}
        bounds = self._bounds(by_quota=by_quota)
        if shape == "excess":
            return {"excess": {"above": bounds[-1].removeprefix("above "), "rate": self._percent()}}
        if shape == "steps":
            return {"steps": [{"at": bound, "bonus": str(random.randrange(1, 5000))} for bound in bounds]}
        if shape == "points":
            return self._points(bounds)
        tiers = [{"from": bound, **self._pay(measure, shape, by_quota=by_quota, mode=mode)} for bound in bounds]
        if shape == "whole_amount_tiers" and mode == "curve" and with_amounts and self.chance("tier_amounts", 0.3):
            tiers = [{**tier, "amount": str(random.randrange(900))} for tier in tiers]
        written: Written = {shape: tiers}
        if shape == "whole_amount_tiers" and self.chance("counted_above", 0.2):
            written["counted_above"] = bounds[0].removeprefix("above ")
        return written

    def _bounds(self, *, by_quota: bool) -> list[str]:
        """Ascending, from zero or later; a few only above the bound."""
        random = self.random
        first = random.choice((0, 0, 0, 50))
        places = [first, *sorted(random.sample(range(first + 5, 180, 5), random.randrange(4)))]
        texts = [f"{place}%" if by_quota else str(place * 100) for place in places]
        if self.chance("above", 0.2):
            chosen = random.randrange(len(texts))
            texts[chosen] = f"above {texts[chosen]}"
        return texts

    def _points(self, bounds: list[str]) -> Written:
        random = self.random
        while len(bounds) < 2:
            bounds.append("190%" if bounds[0].endswith("%") else "19000")
        pays = [
            f"{random.randrange(250)}%" if self.chance("target", 0.5) else str(random.randrange(9000)) for _ in bounds
        ]
        return {
            "points": [
                {"at": bound.removeprefix("above "), "pays": paid} for bound, paid in zip(bounds, pays, strict=True)
            ],
            "before_first": random.choice(("nothing", "same", "continue")),
            "after_last": random.choice(("same", "continue")),
        }

    def _pay(self, measure: str, shape: str, *, by_quota: bool = False, mode: str = "") -> Written:
        if by_quota and self.may_multiply and mode == "curve" and shape != "flat" and self.chance("target", 0.3):
            return {"multiplier": self.random.choice(("0.5", "1", "1.4", "200%"))}
        if measure in MONEY:
            return {"rate": self._percent()}
        return {"per_unit": self.random.choice(("0.07", "3", "12.5", "140"))}

    def _percent(self) -> str:
        return f"{self.random.randrange(1, 2000) / 100}%"

    def _cases(self, mode: str, measure: str, *, by_quota: bool) -> Written:
        random = self.random
        pays_amounts = "case_amounts" not in NOT_YET
        by, values = random.choice(
            (
                ("product", tuple(PRODUCTS)),
                ("channel", CHANNELS),
                ("region", REGIONS),
                ("document_type", TYPES),
                ("grade", GRADES),
                ("currency", ("USD", "EUR")),
                ("role", ("AE", "manager")),
                ("tenure_months", ()),
                ("seats", ()),
                ("customer", CUSTOMERS),
            )
        )
        if not values:
            lowers = ("0", "6", "24") if by == "tenure_months" else ("0", "above 20", "50")
            if by == "tenure_months" and self.is_rebate:
                by, lowers = "seats", ("0", "above 20", "50")
            shapes = [
                {"from": lower, **self._shape(mode, measure, by_quota=by_quota, with_amounts=pays_amounts)}
                for lower in lowers
            ]
            if random.random() < 0.3:
                shapes[0]["to"] = "4"
            return {"by": by, "cases": shapes}
        named = [
            {"when": value, **self._shape(mode, measure, by_quota=by_quota, with_amounts=pays_amounts)}
            for value in values[:2]
        ]
        if random.random() < 0.6:
            named.append({"when": "other", **self._shape(mode, measure, by_quota=by_quota, with_amounts=pays_amounts)})
        return {"by": by, "cases": named}
