"""Loading a WSDL and posting to its service without ever leaving the configured host."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
import zeep  # half typed: its untyped calls are marked below
import zeep.exceptions
from requests import Response

from connectors.errors import Place, ProtocolError, TransientError
from connectors.http import open_session
from connectors.soap.description import SoapSettings, origin


class LockedTransport(zeep.Transport):
    """Loads documents from one folder or one host, and posts to one host. Everything else is a ``ProtocolError``."""

    def __init__(self, place: Place, settings: SoapSettings) -> None:
        seconds = settings.timeout.total_seconds()
        session = open_session(connect_timeout=min(seconds, 10), read_timeout=seconds, ca_file=settings.ca_file)
        super().__init__(timeout=seconds, operation_timeout=seconds, session=session)  # type: ignore[no-untyped-call]
        self.session.adapters.pop("file://", None)
        self._place = place
        self._origin = origin(str(settings.endpoint))
        self._folder = settings.wsdl.resolve().parent if isinstance(settings.wsdl, Path) else None

    def load(self, url: str) -> bytes:
        """The WSDL or a document that it imports."""
        address = str(url)
        if self._folder is not None:
            return self._load_file(self._folder, address)
        if origin(address) != self._origin:
            raise self._refused(address, "another host than the service's")
        return self._load_remote(address)

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Response:
        if origin(address) != self._origin:
            raise ProtocolError(self._place, f"a call to {address} is refused: it is not the configured endpoint")
        return self.session.post(address, data=message, headers=headers, timeout=self.operation_timeout)

    def _load_file(self, folder: Path, address: str) -> bytes:
        if urlsplit(address).scheme not in ("", "file"):
            raise self._refused(address, "the WSDL is pinned to a file")
        path = Path(unquote(urlsplit(address).path) if address.startswith("file:") else address).resolve()
        if not path.is_relative_to(folder):
            raise self._refused(address, "it is outside the folder of the pinned WSDL")
        try:
            return path.read_bytes()
        except OSError as error:
            raise ProtocolError(self._place, f"{path.name} cannot be read: {error.strerror}") from error

    def _load_remote(self, address: str) -> bytes:
        try:
            response = self.session.get(address, timeout=self.load_timeout)
        except requests.TooManyRedirects:
            raise self._refused(address, "it redirects") from None
        except requests.RequestException as error:
            raise TransientError(self._place, f"the WSDL's host cannot be reached ({type(error).__name__})") from None
        if response.status_code >= requests.codes.server_error:
            raise TransientError(self._place, f"the WSDL cannot be fetched: HTTP {response.status_code}")
        if response.status_code != requests.codes.ok:
            raise ProtocolError(self._place, f"{address}: HTTP {response.status_code} instead of a WSDL or schema")
        return response.content

    def _refused(self, address: str, reason: str) -> ProtocolError:
        return ProtocolError(self._place, f"the WSDL's import of {address} is refused: {reason}")


def load_client(place: Place, settings: SoapSettings) -> zeep.Client:
    """A zeep client whose answers stay raw. ProtocolError if the WSDL is no WSDL or reaches outside."""
    wsdl = settings.wsdl.resolve() if isinstance(settings.wsdl, Path) else settings.wsdl or f"{settings.endpoint}?wsdl"
    options = zeep.Settings(
        raw_response=True,
        forbid_dtd=True,
        forbid_entities=True,
        # A WSDL from the service's own host may import from there; the transport refuses every other host.
        forbid_external=isinstance(settings.wsdl, Path),
        force_https=False,
    )
    try:
        transport = LockedTransport(place, settings)
        return zeep.Client(str(wsdl), transport=transport, settings=options)  # type: ignore[no-untyped-call]
    except zeep.exceptions.ExternalReferenceForbidden as error:
        raise ProtocolError(place, f"the WSDL's import of {error.url} is refused: it is pinned to a file") from error
    except (zeep.exceptions.DTDForbidden, zeep.exceptions.EntitiesForbidden) as error:
        raise ProtocolError(place, f"the WSDL is refused: it declares a {type(error).__name__[:-9]}") from error
    except (zeep.exceptions.Error, ValueError, LookupError, AttributeError) as error:
        raise ProtocolError(place, f"this is not a WSDL that can be understood: {error}") from error
