"""What can go wrong, by who has to act."""

from typing import Self


class CompensationError(Exception):
    """Anything of this package that a person has to set right: a plan file, the facts, or an amount."""


class PlanError(CompensationError, ValueError):
    """A plan file that cannot be used: says file, line, key, what is wrong and what to do."""

    def __init__(self, path: str, line: int, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}, line {line}: {key + ': ' if key else ''}{problem}; {remedy}")
        self.path, self.line, self.key, self.problem, self.remedy = path, line, key, problem, remedy


class FactsError(CompensationError, ValueError):
    """Facts that cannot be calculated on: says frame, column or row, and what is wrong."""


class PayOverflowError(CompensationError, OverflowError):
    """An amount too large to be calculated exactly; names payee and component."""

    def __init__(self, payee_id: str, component: str, what: str) -> None:
        super().__init__(f"payee {payee_id}, component '{component}': {what} is too large to be calculated exactly")
        self.payee_id, self.component, self.what = payee_id, component, what

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        """Errors travel between processes by what they were made of."""
        return type(self), (self.payee_id, self.component, self.what)
