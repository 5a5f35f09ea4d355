"""Which refusal of several is told: the same, however the work was divided."""

from collections.abc import Callable, Iterable, Sequence

from compensation.errors import CompensationError, PayOverflowError
from compensation.partitions.units import is_after


def first_refusal(refusals: Iterable[CompensationError]) -> CompensationError | None:
    """Of facts that do not fit the first by its text; else of amounts too large the first by payee and component."""
    return min(refusals, key=_rank, default=None)


def refusal_of(units: Sequence[str], attempt: Callable[[Sequence[str]], object]) -> CompensationError | None:
    """What is refused when the units are attempted; of amounts too large the first that any unit meets alone.

    Which is met first among several units depends on who else is among them. So they are halved, and whoever comes
    after a payee already found is left out.
    """
    try:
        attempt(units)
    except PayOverflowError as error:
        if len(units) == 1:
            return error
        middle = len(units) // 2
        found = refusal_of(units[:middle], attempt)
        rest = [unit for unit in units[middle:] if found is None or not _is_outranked(unit, found)]
        other = refusal_of(rest, attempt) if rest else None
        return first_refusal(refusal for refusal in (found, other) if refusal is not None) or error
    except CompensationError as error:
        return error
    return None


def _is_outranked(unit: str, found: CompensationError) -> bool:
    return isinstance(found, PayOverflowError) and is_after(unit, found.payee_id)


def _rank(error: CompensationError) -> tuple[bool, str, str, str]:
    if isinstance(error, PayOverflowError):
        return True, error.payee_id, error.component, str(error)
    return False, "", "", str(error)
