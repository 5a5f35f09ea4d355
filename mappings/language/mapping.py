"""A loaded mapping, and what it makes of a source record."""

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from mappings.errors import RefusedError, Unmappable
from mappings.language.compiling import RecordRule, in_utc
from mappings.language.converters import Context
from mappings.records import CanonicalRecord


class Mapped(NamedTuple):
    """What one source record became; ``warnings`` are to be counted, e.g. ``customer missing``."""

    records: tuple[CanonicalRecord, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A loaded mapping. ``version`` is a hash of all that decides its results, of what it extends too.

    ``sources`` are the names of other systems that ``apply`` wants bound to configured source names.
    """

    name: str
    version: str
    rules: Dictionary[str, tuple[RecordRule, ...]]
    sources: frozenset[str]

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(self.rules)

    def apply(
        self,
        stream: str,
        source: str,
        ref: str,
        modified_at: datetime | None,
        payload: str,
        *,
        sources: Dictionary[str, str] | None = None,
    ) -> Mapped:
        """The canonical records of one source record, none if no `when` holds. Raises Unmappable."""
        place = f"{source}/{stream}/{ref}"
        context = Context(source, ref, decode(payload, place), sources or {})
        try:
            records = [record for rule in self._rules(stream) for record in rule.records(context, in_utc(modified_at))]
        except RefusedError as refused:
            raise Unmappable(refused.reason, refused.field, refused.hint, place) from None
        except (ArithmeticError, RecursionError) as error:
            raise Unmappable(
                f"holds a number or nesting beyond all bounds ({type(error).__name__})", "", "", place
            ) from None
        if len(records) > 1 and len({(type(record), record.ref) for record in records}) < len(records):
            raise Unmappable("gives two records of one kind and ref; mend `ref` or the conditions", "ref", "", place)
        return Mapped(tuple(records), tuple(context.warnings))

    def _rules(self, stream: str) -> tuple[RecordRule, ...]:
        if stream not in self.rules:
            raise RefusedError(f"the mapping `{self.name}` has no stream `{stream}`; add it, or do not read it")
        return self.rules[stream]


_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def decode(payload: str, place: str = "") -> dict[str, object]:
    """A payload as plain objects, its numbers exact. Raises Unmappable."""
    try:
        decoded = _DECODER.decode(payload)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__
        raise Unmappable(f"the payload is not JSON with numbers within bounds: {reason}", "", "", place) from None
    if type(decoded) is not dict:
        raise Unmappable("the payload is not a JSON object", "", "", place)
    return decoded
