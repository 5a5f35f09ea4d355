"""Errors as the REST API words them: a status, a code, a message, and the fields at fault."""

from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """Answered as ``[{"message", "errorCode"(, "fields")}]`` with its HTTP status, or as one row's error."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Sequence[str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.fields = code, message, status, fields

    def body(self) -> list[dict[str, Any]]:
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [error if self.fields is None else error | {"fields": list(self.fields)}]

    def row(self) -> dict[str, Any]:
        """The error as it stands in a collection's result of one row."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError("NOT_FOUND", message, status=404)


def invalid_session() -> ApiError:
    return ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)
