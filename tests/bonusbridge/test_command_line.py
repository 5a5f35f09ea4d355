"""The command line on real systems: what is wrong is said with its place and remedy, and the rest goes through."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.erp import wire
from tests.bonusbridge.small_company import (
    NOBODY_LISTENS,
    PLAN,
    ROOT,
    SmallCompany,
    Staff,
    fill,
    free_port,
    served_company,
)
from warehouse import results
from warehouse.database import open_database, reading

PATIENCE_SECONDS = 30
SOON_SECONDS = 10
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
Break = Callable[[SmallCompany], object]


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[SmallCompany]:
    with served_company(tmp_path, database_url) as small:
        yield small
        shown = "\n".join(small.outputs)
        assert not [secret for secret in small.secrets() if secret in shown]


@pytest.fixture
def staff(company: SmallCompany) -> Staff:
    return fill(company)


@ON_SQLITE
def test_every_command_does_its_part_of_the_way(company: SmallCompany, staff: Staff) -> None:
    company.write()
    assert "crm: Salesforce API" in company.try_out("check").output
    assert "land: 5 read, 5 new, 0 mapped" in company.run_as_installed("sync", "--land-only").output
    unknown = company.try_out("estimate", "crm", staff.deal)
    assert (unknown.code, "no such deal has been read; run sync" in unknown.output) == (1, True)
    assert "0 read, 0 new, 5 mapped, 0 rejected, 1 deals changed" in company.run("normalise").output
    assert "1 estimates written" in company.run("calculate").output
    assert "Rita Rep: 6,600.00 USD" in company.try_out("estimate", "crm", staff.deal).output
    company.org.purge("Opportunity", [staff.deal])
    swept = company.run("sweep")
    assert (swept.code, "1 new, 0 mapped, 0 rejected, 2 deals changed" in swept.output) == (0, True)
    runs = company.try_out("jobs").output
    assert [job for job in ("land", "normalise", "calculate", "sweep") if job not in runs] == []


def file_of(name: str, text: str) -> Break:
    return lambda company: (company.folder / name).write_text(text, encoding="utf-8")


def key(place: str, value: object) -> Break:
    """Sets the value of a dotted place of the configuration."""

    def change(company: SmallCompany) -> None:
        *outer, last = place.split(".")
        inner = company.document
        for part in outer:
            inner = inner[part]
        inner[last] = value
        company.write()

    return change


NO_KEYS = {"issuer": "https://login.example", "audience": "bonusbridge", "jwks": {"keys": []}}
OVERLAPPING = PLAN.replace("from: 100000", "from: 90000")
MISTAKES: dict[str, tuple[Break, tuple[str, ...]]] = {
    "no file": (lambda company: company.file.unlink(), ("bonusbridge.yaml", "no such file", "--config")),
    "no YAML": (file_of("bonusbridge.yaml", "sources:\n  crm: [\nplans: x\n"), ("bonusbridge.yaml:4", "mend the line")),
    "a secret on a broken line": (
        file_of("bonusbridge.yaml", "sources: {}\npassword: 'hunter2\n"),
        ("bonusbridge.yaml:3", "mend the line"),
    ),
    "no mapping of keys": (file_of("bonusbridge.yaml", "- a\n"), ("bonusbridge.yaml", "keys sources, database")),
    "no sources": (file_of("bonusbridge.yaml", "plans: []\n"), ("bonusbridge.yaml: sources", "is missing; add it")),
    "no known key": (key("sorces", {}), ("bonusbridge.yaml: sorces", "correct its spelling")),
    "no known time zone": (key("time_zone", "Mars/Base"), ("time_zone", "write one like Europe/Berlin")),
    "an environment without the secret": (
        key("sources.erp.settings.credentials.password", {"env": "NO_SUCH_SECRET"}),
        ("sources.erp.settings.credentials.password", "no variable NO_SUCH_SECRET; set it"),
    ),
    "no file with the secret": (
        key("sources.crm.settings.login.client_secret", {"file": "nowhere"}),
        ("bonusbridge.yaml: sources.crm.settings.login.client_secret", "nowhere", "put it there"),
    ),
    "an unknown kind of system": (
        key("sources.crm.connector", "sugar"),
        ("bonusbridge.yaml: sources.crm", "'sugar'", "there are salesforce, soap, tryton"),
    ),
    "a setting out of bounds": (
        key("sources.crm.settings.page_size", 7),
        ("bonusbridge.yaml: sources.crm.settings: page_size", "greater than or equal to 200; correct it"),
    ),
    "a setting that is none": (
        key("sources.crm.settings.password", "hunter2"),
        ("bonusbridge.yaml: sources.crm.settings: password", "take it out"),
    ),
    "an unknown mapping": (
        key("sources.crm.mapping", "salesfarce"),
        ("bonusbridge.yaml: sources.crm.mapping", "salesfarce", "salesforce, sandbox_crm"),
    ),
    "a malformed mapping": (
        file_of("crm.yaml", "streams:\n  Account:\n    custmer:\n      fields: {name: Name}\n"),
        ("crm.yaml:3: streams.Account.custmer", "customer"),
    ),
    "overlapping tiers": (
        file_of("plans/reps.yaml", OVERLAPPING),
        ("reps.yaml, line 14", "tiers overlap; let each begin where the one before it ends"),
    ),
    "one plan in two files": (
        file_of("plans/reps-too.yaml", PLAN),
        ("plans: two files say what the plan", "end the older one with effective.through"),
    ),
    "no plan": (lambda company: (company.folder / "plans" / "reps.yaml").unlink(), ("plans", "write a plan there")),
    "a database of another make": (
        key("database", "mysql://root:hunter2@db/x"),
        ("mysql", "use a sqlite:/// or postgresql:// URL"),
    ),
    "no folder for the database": (key("database", "sqlite:////no/such/folder/x.db"), ("/no/such/folder", "create it")),
}


@ON_SQLITE
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(company: SmallCompany, mistake: str) -> None:
    company.write()
    make, said = MISTAKES[mistake]
    make(company)
    ended = company.try_out("check")
    assert ended.code == 2
    assert ended.output.startswith("error: ")
    assert [words for words in said if words not in ended.output] == []
    assert "hunter2" not in ended.output


@ON_SQLITE
@pytest.mark.parametrize(
    ("command", "make", "said"),
    [
        ("serve", lambda company: company.document.pop("api"), "bonusbridge.yaml: api: nothing says whose tokens"),
        ("serve", key("api.tokens", NO_KEYS), "bonusbridge.yaml: api.tokens.jwks: The JWK Set did not contain any"),
        ("work", key("schedule.refresh", "every day"), "schedule.refresh: 'every day' is no cron expression"),
    ],
)
def test_what_cannot_be_started_is_told(company: SmallCompany, command: str, make: Break, said: str) -> None:
    make(company)
    company.write()
    ended = company.run(command) if command == "work" else company.try_out(command)
    assert (ended.code, said in ended.output) == (2, True)


@ON_SQLITE
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (key("sources.crm.settings.login.client_secret", "not-the-secret"), "failed: crm/login: the login is refused"),
        (key("sources.crm.settings.instance_url", NOBODY_LISTENS), "cannot be reached"),
    ],
    ids=["refused", "unreachable"],
)
def test_a_crm_that_cannot_be_read_stops_nobody_else(
    company: SmallCompany, staff: Staff, make: Break, said: str
) -> None:
    make(company)
    before = company.org.sessions.logins
    ended = company.run("sync")
    assert (ended.code, said in ended.output) == (1, True)
    assert "1 read, 1 new, 1 mapped, 0 rejected, 1 deals changed" in ended.output
    assert ended.output.count("failed: crm/") <= 2, "its other streams are left for the next run"
    assert company.org.sessions.logins == before
    assert "not-the-secret" not in ended.output
    assert company.try_out("check").code == 1


@ON_SQLITE
def test_a_service_description_that_points_elsewhere_is_not_followed(company: SmallCompany, staff: Staff) -> None:
    pinned = (wire.FOLDER / "erp.wsdl").read_text(encoding="utf-8")
    elsewhere = pinned.replace('schemaLocation="messages.xsd"', f'schemaLocation="{NOBODY_LISTENS}/messages.xsd"')
    assert elsewhere != pinned
    (company.folder / "erp.wsdl").write_text(elsewhere, encoding="utf-8")
    company.erp["wsdl"] = str(company.folder / "erp.wsdl")
    company.write()
    ended = company.run("sync")
    assert (ended.code, "failed: erp" in ended.output, f"{NOBODY_LISTENS}/messages.xsd" in ended.output) == (
        1,
        True,
        True,
    )
    assert "4 read, 4 new, 4 mapped, 0 rejected, 1 deals changed, 1 estimates written" in ended.output


@contextmanager
def started(company: SmallCompany, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The command in the background; it has to end on SIGTERM, soon, and to leave no process behind."""
    log = company.folder / f"{arguments[0]}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own program
            company.command(*arguments),
            env=company.environment,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(SOON_SECONDS) in (0, -signal.SIGTERM), log.read_text()
            with pytest.raises(ProcessLookupError):
                os.killpg(process.pid, 0)
        finally:
            company.outputs.append(log.read_text())
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert "Traceback" not in company.outputs[-1], company.outputs[-1]


def in_time(has_happened: Callable[[], bool], process: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if has_happened():
            return True
        time.sleep(0.1)
    return False


@ON_SQLITE
def test_the_api_is_served_until_it_is_told_to_stop(company: SmallCompany) -> None:
    company.write()
    port = free_port()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        def is_well() -> bool:
            try:
                return http.get("/healthz").status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        with started(company, "serve", "--port", str(port)) as process:
            assert in_time(is_well, process)
            assert http.get("/v1/deals/crm/1/estimate").status_code == httpx.codes.UNAUTHORIZED
            taken = company.run("serve", "--port", str(port))
            assert (taken.code, f"port {port}" in taken.output) == (2, True)
        assert not is_well()


def test_scheduled_work_is_done_until_it_is_told_to_stop(company: SmallCompany, staff: Staff) -> None:
    company.write()
    engine = open_database(company.environment["DATABASE_URL"])

    def has_estimate() -> bool:
        with reading(engine) as connection:
            return len(results.current_estimates(connection)) == 1

    with started(company, "work") as process:
        assert in_time(has_estimate, process)
        second = company.run("work")
        assert (second.code, "already at work on this database" in second.output) == (2, True)
        asked = company.run("sync")
        assert (asked.code, "5 read, 0 new" in asked.output) == (0, True), "the worker did it"
    engine.dispose()
