"""Generated shapes of pay, and cases that differ by an attribute or a number."""

from tests.compensation.worlds.companies import CHANNELS, CUSTOMERS, GRADES, PRODUCTS, REGIONS, TYPES
from tests.compensation.worlds.dice import NOT_YET, OF_MONEY, Dice, Written

_LOWERS = {
    "tenure_months": ("0", "6", "24"),
    "seats": ("0", "above 20", "50"),
    "revenue": ("0", "1500", "above 9000"),
    "margin": ("above 0", "700", "4000"),
    "margin_ratio": ("0", "40%", "above 80%"),
    "count": ("0", "1"),
    "instalment": ("1", "2", "above 3"),
}
"""Where cases by numbers begin."""


class Shapes(Dice):
    """Writes payouts that pay on credits."""

    def _shape(self, mode: str, measure: str, *, by_quota: bool, with_amounts: bool = True) -> Written:
        random = self.random
        has_money = measure in OF_MONEY
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
        if measure in OF_MONEY:
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
        rare = self.turned_to(*(f"by_{name}" for name in _LOWERS))
        if rare is not None:
            by, values = rare.removeprefix("by_"), ()
        if not values:
            if by == "tenure_months" and self.is_rebate:
                by = "seats"
            shapes = [
                {"from": lower, **self._shape(mode, measure, by_quota=by_quota, with_amounts=pays_amounts)}
                for lower in _LOWERS[by]
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

    def _matrix_of_rates(self) -> Written:
        rows: Written = {"by": "region", "values": list(REGIONS)}
        columns: Written = {"by": "channel", "values": list(CHANNELS)}
        if self.turned_to("rare_axes"):
            axes = ("margin", "revenue", "seats", "instalment", *([] if self.is_rebate else ["tenure_months"]))
            rows, columns = ({"by": by, "from": list(_LOWERS[by])} for by in self.random.sample(axes, 2))
            if self.random.random() < 0.5:
                columns = {"by": "product_family", "values": ["Software", "Hardware"]}
        height, width = (len(axis.get("values") or axis["from"]) for axis in (rows, columns))
        rates = [[f"{self.random.randrange(20)}%" for _ in range(width)] for _ in range(height)]
        return {"matrix": {"rows": rows, "columns": columns, "rates": rates}}
