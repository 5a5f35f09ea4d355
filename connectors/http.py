"""HTTP as every connector on ``requests`` uses it: time-outs always, nothing from the environment, errors by kind."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

from connectors.errors import Place, ProtocolError, TransientError


class TimedAdapter(HTTPAdapter):
    """Puts a time-out (seconds to connect, seconds between bytes) on calls that have none."""

    def __init__(self, connect_timeout: float, read_timeout: float, connections: int) -> None:
        self._timeout = (connect_timeout, read_timeout)
        super().__init__(pool_maxsize=connections)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        return super().send(request, stream, timeout or self._timeout, verify, cert, proxies)


def open_session(
    *,
    connect_timeout: float,
    read_timeout: float,
    connections: int = 10,
    ca_file: Path | None = None,
    proxy: str | None = None,
) -> requests.Session:
    """A session that follows no redirect and reads no proxy, netrc or CA bundle from the environment."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    session.verify = str(ca_file) if ca_file else True
    if proxy:
        session.proxies = {"http": proxy, "https": proxy}
    for scheme in ("http://", "https://"):
        session.mount(scheme, TimedAdapter(connect_timeout, read_timeout, connections))
    return session


@contextmanager
def transport_errors(place: Place) -> Iterator[None]:
    """Turns what ``requests`` raises into our kinds; the original is left out, as it carries the request's headers."""
    try:
        yield
    except requests.exceptions.SSLError:
        message = "the server's certificate is not trusted; check the address, or name the CA's certificate file"
        raise ProtocolError(place, message) from None
    except requests.exceptions.Timeout as error:
        raise TransientError(place, f"no answer in time ({type(error).__name__})") from None
    except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        message = f"the server cannot be reached or broke off its answer ({type(error).__name__})"
        raise TransientError(place, message) from None
    except requests.exceptions.RequestException as error:
        raise ProtocolError(place, f"the call could not be made or read ({type(error).__name__})") from None
