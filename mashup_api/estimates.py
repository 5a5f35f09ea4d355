"""Reading an estimate is a look-up: the stored document as it is, with the freshness of its inputs beside it."""

import hashlib
import json
from datetime import datetime
from typing import Any

from mashup_api.policy import Payee
from warehouse import access
from warehouse.reader import Reader


async def read_estimate(reader: Reader, deal_id: str, payee: Payee | None, payees: tuple[Payee, ...]) -> bytes:
    """The body for one payee; ``estimate`` is null if there is none, or no payee."""
    found = None if payee is None else await _stored(reader, deal_id, payee)
    document, calculated_at = found or (b"null", None)
    return _body(b"estimate", document, calculated_at, payees, await _freshness(reader))


async def read_estimates(reader: Reader, deal_id: str, payees: tuple[Payee, ...]) -> bytes:
    """The body for several payees: those whom the caller may see, and no sum that would tell of others."""
    found = [stored for payee in payees if (stored := await _stored(reader, deal_id, payee)) is not None]
    documents = b"[" + b",".join(document for document, _ in found) + b"]"
    calculated_at = min((at for _, at in found), default=None)
    return _body(b"estimates", documents, calculated_at, payees, await _freshness(reader))


def etag(body: bytes) -> str:
    """A strong tag: the same bytes, the same tag."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


async def _stored(reader: Reader, deal_id: str, payee: Payee) -> tuple[bytes, datetime] | None:
    rows = await reader.rows(access.CURRENT_ESTIMATE, {"deal_id": deal_id, "payee_id": payee.id})
    return (bytes(rows[0][0]), rows[0][1]) if rows else None


async def _freshness(reader: Reader) -> list[dict[str, str | None]]:
    rows = await reader.rows(access.FRESHNESS)
    return [{"source": source, "complete_through": _instant(at)} for source, at, *_ in rows]


def _body(
    name: bytes, documents: bytes, calculated_at: datetime | None, payees: tuple[Payee, ...], freshness: list[Any]
) -> bytes:
    rest = {
        "calculated_at": _instant(calculated_at),
        "payees": [{"id": payee.id, "name": payee.name} for payee in payees],
        "freshness": freshness,
    }
    return b'{"%s":%s,%s' % (name, documents, json.dumps(rest, separators=(",", ":")).encode()[1:])


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
