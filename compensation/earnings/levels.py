"""Levels: components whose earnings others look at come first."""

from collections import defaultdict
from collections.abc import Sequence

from compensation.earnings.accumulators import walk_groups
from compensation.plans.rules import Rule


def levels_of(rules: Sequence[Rule]) -> list[tuple[Rule, ...]]:
    """The rules, those of a later level standing on earnings of earlier ones. Plans have no circles, see Plan.

    Rules whose positions run together (versions that continue one another) are on one level.
    """
    groups, together = walk_groups(rules), defaultdict(list)
    for rule in rules:
        together[groups[rule.number]].append(rule)
    wanted = {group: {groups[each] for rule in own for each in _wanted(rule, rules)} for group, own in together.items()}
    placed: dict[int, int] = {}
    level = 0
    while len(placed) < len(together):
        ready = [
            group
            for group, stands_on in wanted.items()
            if group not in placed and all(placed.get(each, level) < level for each in stands_on - {group})
        ]
        if not ready:
            names = sorted({rule.component.name for group in wanted.keys() - placed.keys() for rule in together[group]})
            raise ValueError(f"components {', '.join(names)} of plans that continue one another stand on each other")
        placed |= dict.fromkeys(ready, level)
        level += 1
    return [tuple(rule for rule in rules if placed[groups[rule.number]] == number) for number in range(level)]


def _wanted(rule: Rule, rules: Sequence[Rule]) -> list[int]:
    """The rules of the same plan that the rule stands on."""
    names = rule.plan.stands_on(rule.component)
    return [each.number for each in rules if each.plan_number == rule.plan_number and each.component.name in names]
