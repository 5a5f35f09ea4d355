"""CSV as Bulk API 2.0 writes and reads it: everything quoted, nulls empty, instants with a Z."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.store.values import Value

_DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
_LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_INSTANT_LENGTH = len("2026-11-21T09:30:00.000+0000")


@dataclass(frozen=True, slots=True)
class Dialect:
    """``columnDelimiter`` and ``lineEnding`` of a job."""

    delimiter: str
    line_ending: str

    def line(self, cells: Iterable[str]) -> str:
        return self.delimiter.join([f'"{cell.replace(_QUOTE, _TWO_QUOTES)}"' for cell in cells]) + self.line_ending

    def read(self, text: str) -> Iterator[list[str]]:
        """Rows of ``text``, the header first; ApiError if it is no CSV."""
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=self.delimiter, strict=True)
        try:
            yield from (row for row in reader if row)
        except csv.Error as error:
            raise ApiError("InvalidBatch", f"Failed to parse CSV: {error}") from None


_QUOTE, _TWO_QUOTES = '"', '""'


def dialect(column_delimiter: str, line_ending: str) -> Dialect:
    if column_delimiter not in _DELIMITERS or line_ending not in _LINE_ENDINGS:
        raise ApiError("INVALIDJOB", f"no delimiter {column_delimiter} with line ending {line_ending}")
    return Dialect(_DELIMITERS[column_delimiter], _LINE_ENDINGS[line_ending])


def cell(value: Value) -> str:
    """A value as it stands in a result's cell.

    >>> cell("2026-11-21T09:30:00.000+0000"), cell(True), cell(None)
    ('2026-11-21T09:30:00.000Z', 'true', '')
    """
    if isinstance(value, str):
        is_instant = len(value) == _INSTANT_LENGTH and value.endswith(".000+0000")
        return value[:-5] + "Z" if is_instant else value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
