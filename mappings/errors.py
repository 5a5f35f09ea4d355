"""What can be wrong with a mapping file, and with a record that it is applied to."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a mapping file: where it is (``key`` as a dotted path) and how to mend it."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key or 'file'}: {self.message}"


class MappingError(Exception):
    """A mapping file cannot be used; ``problems`` lists all mistakes, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RefusedError(ValueError):
    """A value that a converter does not take; ``field`` grows on the way out, e.g. ``lines[2].amount``."""

    def __init__(self, reason: str, hint: str = "", field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.field = field

    def within(self, outer: str) -> "RefusedError":
        separator = "." if self.field and not self.field.startswith("[") else ""
        return RefusedError(self.reason, self.hint, f"{outer}{separator}{self.field}")


class Unmappable(Exception):  # noqa: N818 -- a state of the record, kept and replayed, not a fault of the program
    """A source record that the mapping cannot turn into canonical records.

    ``reason`` says what was wrong and what to do; neither it nor the message holds amounts, names or addresses.
    ``value_hint`` is the beginning of the offending value where it is a code (an unknown stage, a date), else empty.
    """

    def __init__(self, reason: str, field: str = "", value_hint: str = "", place: str = "") -> None:
        message = ": ".join(part for part in (place, field, reason) if part)
        super().__init__(f"{message} ({value_hint})" if value_hint else message)
        self.reason = reason
        self.field = field
        self.value_hint = value_hint
        self.place = place
