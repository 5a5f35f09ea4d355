"""Faults on demand: what goes wrong next, where, and how many times. Shared by the sandbox's org and ERP.

A test (or, over HTTP, a demo) orders a fault; the server takes it when a matching request or write comes by::

    faults.add("html_503", matching="*search*", count=2)     # the next two searches
    faults.add("late_commit", matching="Opportunity", seconds=240)

``matching`` is a shell pattern held against what the server says it is about to do (a path, an operation, a kind of
record). What a kind of fault does is told by the server that takes it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from threading import Lock

from pydantic import ConfigDict, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Fault:
    """``count`` times is it still to happen, after ``skip`` matching occasions that go well; ``seconds`` is its
    delay (or Retry-After), ``message`` its text, where the kind has one."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: str
    matching: str = "*"
    count: int = 1
    skip: int = 0
    seconds: float = 0.0
    message: str = ""


class Faults:
    """A thread-safe list of ordered faults; the oldest matching one is taken first."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self.kinds = frozenset(kinds)
        self._ordered: list[Fault] = []
        self._lock = Lock()

    def add(
        self, kind: str, *, matching: str = "*", count: int = 1, skip: int = 0, seconds: float = 0.0, message: str = ""
    ) -> None:
        """Order a fault; ValueError if the server knows no such kind."""
        if kind not in self.kinds:
            raise ValueError(f"no fault {kind!r} here; there are {', '.join(sorted(self.kinds))}")
        with self._lock:
            self._ordered.append(Fault(kind, matching, count, skip, seconds, message))

    def take(self, subject: str, *kinds: str) -> Fault | None:
        """The fault that strikes ``subject`` now, counted down; only of ``kinds`` where any are named."""
        with self._lock:
            for position, fault in enumerate(self._ordered):
                if (kinds and fault.kind not in kinds) or not fnmatchcase(subject, fault.matching):
                    continue
                if fault.skip:
                    self._ordered[position] = replace(fault, skip=fault.skip - 1)
                    continue
                self._count_down(position, fault)
                return fault
        return None

    def pending(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._ordered)

    def clear(self) -> None:
        with self._lock:
            self._ordered.clear()

    def _count_down(self, position: int, fault: Fault) -> None:
        if fault.count > 1:
            self._ordered[position] = replace(fault, count=fault.count - 1)
        else:
            del self._ordered[position]


_FAULT = TypeAdapter(Fault)


def routes(faults: Faults) -> list[Route]:
    """``/__faults``: GET lists what is pending, POST adds one fault (a JSON object of its fields), DELETE clears."""

    async def list_pending(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
        return JSONResponse([asdict(fault) for fault in faults.pending()])

    async def order(request: Request) -> Response:
        try:
            faults.add(**asdict(_FAULT.validate_json(await request.body())))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return Response(status_code=204)

    async def clear(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
        faults.clear()
        return Response(status_code=204)

    return [
        Route("/__faults", list_pending, methods=["GET"]),
        Route("/__faults", order, methods=["POST"]),
        Route("/__faults", clear, methods=["DELETE"]),
    ]
