"""The deal card's files and the page that is framed. No pay is in any of them: it comes by calls with a token."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

from mashup_api.fences import page_policy
from mashup_api.problems import not_found
from mashup_api.settings import ApiSettings

_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    media_type: str
    etag: str


def read_assets(folder: Path) -> dict[str, Asset]:
    """The scripts and style sheets of ``folder``, read once; FileNotFoundError if the folder is not there."""
    return {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, _MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def page_routes(settings: ApiSettings) -> APIRouter:
    """``/widgets/{name}`` for everybody who may embed, ``/embed/deal`` for the listed ancestors' frames."""
    router = APIRouter(include_in_schema=False)
    assets = read_assets(settings.widgets / "deal")
    # The origins were checked to be plain; there is nothing in them to escape.
    template = (settings.widgets / "deal" / "embed.html").read_text(encoding="utf-8")
    page = template.replace("{parents}", " ".join(settings.frame_ancestors)).encode()
    page_headers = {"Content-Security-Policy": page_policy(settings.frame_ancestors)}

    @router.get("/widgets/{name}")
    async def widget(name: str, request: Request) -> Response:
        asset = assets.get(name)
        if asset is None:
            raise not_found()
        headers = {
            "ETag": asset.etag,
            "Cache-Control": "public, no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if request.headers.get("if-none-match") == asset.etag:
            return Response(status_code=304, headers=headers)
        return Response(asset.content, headers=headers, media_type=asset.media_type)

    @router.get("/embed/deal")
    async def embedded_deal() -> Response:
        return Response(page, headers=page_headers, media_type="text/html; charset=utf-8")

    return router
