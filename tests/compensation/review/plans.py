"""Plans that are written in a few words."""

from compensation import Plan, parse_plan


def plan_of(rules: str, *, name: str = "Reps", who: str = "{everyone: yes}", more: str = "") -> Plan:
    """A plan with the component ``commission`` (the keys given), or with the components given as a list."""
    if not rules.lstrip().startswith("-"):
        keys = "".join(f"    {line.strip()}\n" for line in rules.strip().split("\n"))
        defaults = "    credited_on: invoice\n    period: quarter\n"
        given = "".join(line + "\n" for line in defaults.splitlines() if line.split(":")[0] not in keys)
        rules = f"  - component: commission\n{given}{keys}"
    head = f"plan: {name}\ncurrency: USD\neffective: {{from: 2026-01-01}}\napplies_to: {who}\n"
    return parse_plan(f"{head}{more}components:\n{rules}\n", f"{name}.yaml")
