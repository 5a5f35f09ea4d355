"""Levels: components whose earnings others look at come first."""

from collections.abc import Sequence

from compensation.plans.rules import Rule


def levels_of(rules: Sequence[Rule]) -> list[tuple[Rule, ...]]:
    """The rules, those of a later level standing on earnings of earlier ones. Plans have no circles, see Plan."""
    placed: dict[int, int] = {}
    left = list(rules)
    level = 0
    while left:
        ready = [rule for rule in left if all(placed.get(number, level) < level for number in _wanted(rule, rules))]
        placed |= {rule.number: level for rule in ready}
        left = [rule for rule in left if rule.number not in placed]
        level += 1
    return [tuple(rule for rule in rules if placed[rule.number] == number) for number in range(level)]


def _wanted(rule: Rule, rules: Sequence[Rule]) -> list[int]:
    """The rules of the same plan whose earnings the rule stands on; but for its own, which a gate may read."""
    plan, component = rule.plan, rule.component
    names = {*component.earnings_of, *component.less_earnings_of}
    for figure in component.figures:
        names |= set(plan.earnings_behind(figure))
    return [
        each.number
        for each in rules
        if each.plan_number == rule.plan_number and each.component.name in names and each is not rule
    ]
