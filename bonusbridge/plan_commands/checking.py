"""Whether plan files can be used, agree with each other, and pay what their examples say."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bonusbridge.complaining import complain
from bonusbridge.plan_files import base_beside, overlaps, read_text
from compensation import Plan, failing_examples
from compensation.plans.parsing import parse_plan, plan_errors
from mappings.money import exponent


def show_errors(console: Console, file: Path) -> bool:
    """Whether the file can be used; every error with its line, what is wrong and what to do."""
    text, base = read_text(file), base_beside(file)
    errors = plan_errors(text, str(file), base)
    for error in errors:
        complain(str(error))
    if not errors:
        plan = parse_plan(text, str(file), base)
        what = f"components: {len(plan.components)}, examples: {len(plan.examples)}"
        name = f"[green]{escape(str(file))}[/]: plan {escape(plan.name)}"
        console.print(f"{name}, version {plan.version}; {what}", highlight=False, soft_wrap=True)
    return not errors


def show_contradictions(plans: Sequence[tuple[Path, Plan]]) -> bool:
    """Whether no two files say what one plan pays on the same day."""
    found = list(overlaps(plans))
    for one, other, plan, day in found:
        complain(
            f"{one} and {other} both say what the plan '{plan.name}' pays on {day}; "
            "end the older one with effective.through, or give them different names"
        )
    return not found


def show_examples(console: Console, plan: Plan) -> bool:
    """Whether the plan pays what its examples say, example by example; a plan without any is told."""
    name = escape(plan.name)
    if not plan.examples:
        console.print(f"{name}: it has no examples; write some under 'examples'", highlight=False, soft_wrap=True)
    failures = {example.name: _failures(plan, number) for number, example in enumerate(plan.examples)}
    for example, of_example in failures.items():
        mark = "[red]fails[/]" if of_example else "[green]holds[/]"
        console.print(f"{mark} {name}: {escape(example)}", highlight=False, soft_wrap=True)
        for failure in of_example:
            console.print(f"      {escape(failure)}", highlight=False, soft_wrap=True)
    return not any(failures.values())


def _failures(plan: Plan, number: int) -> list[str]:
    alone = plan.model_copy(update={"examples": (plan.examples[number],)})
    return failing_examples(alone, exponent)
