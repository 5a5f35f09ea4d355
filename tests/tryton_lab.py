"""A real Tryton 8.2 with a small seeded company: installed once, served from a copy of its own on a free port."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

# The server dies with the test run, even one that is killed: the kernel is asked to see to it (Linux). Its password
# hash is made cheap, since tests log in hundreds of times; it is Tryton's own program otherwise.
_SERVE = """
import ctypes, runpy, signal, sys
from pwdlib.hashers.argon2 import Argon2Hasher
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
costs = Argon2Hasher.__init__
costs.__defaults__ = (1, 8, 1, *costs.__defaults__[3:])  # time, memory, parallelism
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
Json: TypeAlias = Any
_DATABASE = "lab"
_PASSWORD = "admin-secret-1"


@dataclass
class TrytonLab:
    """A served copy of the seeded company. ``call`` is an administrator's own way in, beside the connector."""

    url: str
    file: Path
    username: str = "admin"
    password: str = _PASSWORD
    database: str = _DATABASE
    _client: httpx.Client = field(init=False, repr=False)
    _session: str = ""
    _preferences: Json = None

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=False)  # noqa: S501 - plain http

    def call(self, method: str, *params: object, **context: object) -> Json:
        """``context`` is added to the administrator's preferences."""
        if not self._session:
            user, token, *_ = self._post("common.db.login", self.username, {"password": self.password})
            self._session = b64encode(f"{self.username}:{user}:{token}".encode()).decode()
            self._preferences = self._post("model.res.user.get_preferences", True, {})
        return self._post(method, *params, {**self._preferences, **context})

    def close(self) -> None:
        self._client.close()

    def forget_session(self) -> None:
        """After the sessions were ended."""
        self._session = ""

    def _post(self, method: str, *params: object) -> Json:
        headers = {"Authorization": f"Session {self._session}"} if self._session else {}
        body = {"id": 1, "method": method, "params": params}
        answer = self._client.post(f"/{self.database}/rpc/", json=body, headers=headers).raise_for_status().json()
        if "result" not in answer and answer["error"][0] == "UserWarning":
            # As a person says yes: an invoice of the seeded day, posted on a later one, is due in the past.
            (name, *_), context = answer["error"][1], params[-1]
            self._post("model.res.user.warning.skip", name, False, context)
            return self._post(method, *params)
        assert "result" in answer, answer
        return answer["result"]


def decimal(amount: Decimal) -> Json:
    """An amount as Tryton's JSON-RPC has it."""
    return {"__class__": "Decimal", "decimal": str(amount)}


def pay_part(lab: TrytonLab, invoice: int, part: Decimal) -> None:
    """As a person does in the client's dialogue "Pay invoice", on the invoice's day; the part may be all of it."""
    names = ["currency", "company", "invoice_date", "party", "account"]
    (of,) = lab.call("model.account.invoice.read", [invoice], names)
    (method,) = lab.call("model.account.invoice.payment.method.search", [])
    start = {
        "amount": decimal(part),
        "currency": of["currency"],
        "company": of["company"],
        "date": of["invoice_date"],
        "invoice_account": of["account"],
        "payee": of["party"],
        "payment_method": method,
    }
    wizard, record = "wizard.account.invoice.pay", _of_invoice(invoice)
    session, *_ = lab.call(f"{wizard}.create", **record)
    asked = lab.call(f"{wizard}.execute", session, {"start": start}, "choice", **record)
    if "view" not in asked:
        return  # nothing is left over that the dialogue would ask about
    proposed = {name: value for name, value in asked["view"]["defaults"].items() if not name.endswith(".")}
    ask = {**proposed, "type": "partial"}
    lab.call(f"{wizard}.execute", session, {"start": start, "ask": ask}, "pay", **record)


def credit(lab: TrytonLab, invoice: int) -> int:
    """As a person does in the client's dialogue "Credit", for all of it on its day; the posted credit note's id."""
    note = draft_credit(lab, invoice)
    lab.call("model.account.invoice.post", [note])
    return note


def draft_credit(lab: TrytonLab, invoice: int, *, with_refund: bool = False) -> int:
    """The credit note that the dialogue makes; ``with_refund`` posts it at once and cancels the invoice."""
    (of,) = lab.call("model.account.invoice.read", [invoice], ["invoice_date"])
    wizard, record = "wizard.account.invoice.credit", _of_invoice(invoice)
    session, *_ = lab.call(f"{wizard}.create", **record)
    start = {"with_refund": with_refund, "with_refund_allowed": with_refund, "invoice_date": of["invoice_date"]}
    done = lab.call(f"{wizard}.execute", session, {"start": start | {"with_agent": True}}, "credit", **record)
    ((_, opened),) = done["actions"]
    (note,) = opened["res_id"]
    return int(note)


def _of_invoice(invoice: int) -> Json:
    return {"active_model": "account.invoice", "active_id": invoice, "active_ids": [invoice]}


@pytest.fixture(scope="session")
def tryton_home(test_data: Path) -> Path:
    """The folder of the installed lab; the first call installs it (one to two minutes)."""
    return installed_home(test_data)


@pytest.fixture(scope="session")
def tryton_lab(tryton_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonLab]:
    """For tests that only read: all of them share one server."""
    with serve_copy(tryton_home, tmp_path_factory.mktemp("tryton")) as lab:
        yield lab


@pytest.fixture(scope="module")
def own_tryton_lab(tryton_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonLab]:
    """For tests that write: a server of the module's own."""
    with serve_copy(tryton_home, tmp_path_factory.mktemp("tryton")) as lab:
        yield lab


def installed_home(test_data: Path) -> Path:
    """As the fixture ``tryton_home``, for those who are no fixture."""
    home = Path(os.environ.get("TRYTON_LAB_HOME") or _cache() / "tryton-lab")
    home.mkdir(parents=True, exist_ok=True)
    with (home / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once install once
        if not (home / "seeded.sqlite").exists():
            _install(test_data / "labs" / "tryton" / "lab.sh", home)
    return home


@contextmanager
def serve_copy(home: Path, folder: Path) -> Iterator[TrytonLab]:
    """Serves a copy of the seeded database in ``folder`` until the block ends."""
    shutil.copy(home / "seeded.sqlite", folder / f"{_DATABASE}.sqlite")
    port = _free_port()
    configuration = folder / "trytond.conf"
    configuration.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n")
    programs = home / "venv" / "bin"
    trytond = (programs / "trytond", "-c", configuration, "-d", _DATABASE)
    command = [str(part) for part in (programs / "python", "-c", _SERVE, *trytond)]
    with (folder / "trytond.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - the lab's own server
    lab = TrytonLab(f"http://127.0.0.1:{port}", folder / f"{_DATABASE}.sqlite")
    try:
        _wait(lab, server, folder / "trytond.log")
        yield lab
    finally:
        lab.close()
        server.kill()
        server.wait()


def _wait(lab: TrytonLab, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert server.poll() is None, f"trytond ended: {log.read_text()}"
        try:
            lab.call("model.res.user.get_preferences", True)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"trytond did not answer: {log.read_text()}")


def _install(script: Path, home: Path) -> None:
    if not script.exists():
        message = f"no Tryton lab at {script}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    environment = {**os.environ, "TRYTON_LAB_HOME": str(home), "TRYTON_LAB_PORT": str(_free_port())}
    for action in ("up", "down"):
        done = subprocess.run(  # noqa: S603 - the lab's own script
            ["/bin/bash", str(script), action], env=environment, stdout=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 0, f"{script} {action} failed; see the logs in {home}"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
