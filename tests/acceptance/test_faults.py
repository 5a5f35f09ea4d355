"""Whatever the network and the system do: the same records in the end, or a clear error of the right kind, soon."""

import logging
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    RateLimitedError,
    TransientError,
)
from tests.acceptance.counterparts import Counterpart
from tests.acceptance.faulty import Fault

WRONG_SECRET = "s3cr3t-but-wrong"


def put_two_pages(system: Counterpart) -> None:
    system.put([Decimal(number) for number in range(system.page_size + 5)])
    system.let_pass(601)


def read_refs(system: Counterpart) -> list[str]:
    pages = system.open().read(system.stream, None, system.now())
    return [record.ref for page in pages for record in page.records]


@pytest.mark.parametrize(
    "fault", [Fault.TOO_MANY, Fault.UNAVAILABLE_PAGE, Fault.CUT_OFF, Fault.LOST_REQUEST, Fault.LOST_ANSWER]
)
@pytest.mark.parametrize("skip", [0, 1])
def test_a_passing_fault_on_any_page_changes_nothing(system: Counterpart, fault: Fault, skip: int) -> None:
    put_two_pages(system)
    system.proxy.arm(fault, path=system.data_path, skip=skip)
    assert set(read_refs(system)) == system.refs()
    assert len(system.waits) == 1


def test_a_named_time_to_retry_is_kept(system: Counterpart) -> None:
    put_two_pages(system)
    system.proxy.arm(Fault.TOO_MANY_UNTIL, path=system.data_path, seconds=17)
    assert set(read_refs(system)) == system.refs()
    assert len(system.waits) == 1
    assert 16 <= system.waits[0] <= 18.5


def test_a_time_to_retry_beyond_the_budget_is_told_at_once(system: Counterpart) -> None:
    put_two_pages(system)
    system.proxy.arm(Fault.TOO_MANY_UNTIL, path=system.data_path, seconds=7200)
    before = system.now()
    with pytest.raises(RateLimitedError) as raised:
        read_refs(system)
    assert raised.value.retry_at is not None
    assert 7100 < (raised.value.retry_at - before).total_seconds() < 7300
    assert system.waits == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.TOO_MANY, RateLimitedError),
        (Fault.UNAVAILABLE_PAGE, TransientError),
        (Fault.CUT_OFF, TransientError),
        (Fault.LOST_REQUEST, TransientError),
    ],
)
def test_a_fault_that_stays_ends_in_its_own_error(
    system: Counterpart, fault: Fault, kind: type[ConnectorError]
) -> None:
    put_two_pages(system)
    system.proxy.arm(fault, path=system.data_path, count=1000)
    with pytest.raises(kind):
        read_refs(system)
    assert 1 <= len(system.waits) <= 10
    assert len(system.proxy.requests) < 30


def test_a_login_page_is_not_taken_for_data(system: Counterpart) -> None:
    put_two_pages(system)
    system.proxy.arm(Fault.LOGIN_PAGE, path=system.data_path, count=1000)
    with pytest.raises(ProtocolError):
        read_refs(system)
    assert system.waits == [], "it does not get better by itself"


def test_silence_is_a_time_out(system: Counterpart) -> None:
    system.put([Decimal(1)])
    connector = system.open(read_timeout=0.2)
    connector.check()
    system.proxy.arm(Fault.HANGING, path=system.data_path)
    pages = connector.read(system.stream, None, system.now())
    assert {record.ref for page in pages for record in page.records} == system.refs()
    assert len(system.waits) == 1


def test_401_for_ever_ends_quickly(system: Counterpart) -> None:
    connector = system.open()
    connector.check()
    system.proxy.arm(Fault.UNAUTHORISED, count=10_000)
    before = len(system.proxy.requests)
    with pytest.raises(AuthenticationError):
        list(connector.read(system.stream, None, system.now()))
    assert len(system.proxy.requests) - before <= 4
    assert system.waits == []


def test_wrong_credentials_end_quickly(system: Counterpart) -> None:
    with pytest.raises(AuthenticationError):
        system.open(secret=WRONG_SECRET).check()
    assert len(system.proxy.requests) <= 2
    assert system.waits == []


def test_a_session_that_expires_between_pages_is_renewed_once(system: Counterpart) -> None:
    put_two_pages(system)
    pages = system.open().read(system.stream, None, system.now())
    read = [record.ref for record in next(pages).records]
    before = system.logins()
    system.expire_session()
    read += [record.ref for page in pages for record in page.records]
    assert set(read) == system.refs()
    assert set(Counter(read).values()) == {1}
    assert system.logins() - before == 1


def test_many_calls_that_find_the_session_expired_log_in_once(system: Counterpart) -> None:
    (ref,) = system.put([Decimal(1)])
    connector = system.open()
    connector.check()
    before = system.logins()
    system.expire_session()
    found: list[int] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait(timeout=10)
        found.append(len(connector.get_by_ids(system.stream, [ref]).records))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert found == [1, 1, 1, 1]
    assert system.logins() - before == 1


def test_no_secret_is_in_any_log_or_error(system: Counterpart, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    connector = system.open()
    put_two_pages(system)
    for fault in Fault:
        if fault is not Fault.HANGING:
            system.proxy.arm(fault, count=40)
            shown += _all_that_an_error_shows(connector.check)
            shown += _all_that_an_error_shows(lambda: list(connector.read(system.stream, None, system.now())))
            system.proxy.clear()
    shown += _all_that_an_error_shows(system.open(secret=WRONG_SECRET).check)
    assert len(shown) > 10
    everything = "\n".join((caplog.text, repr(connector), *shown))
    for secret in (*system.secrets(), WRONG_SECRET):
        assert secret not in everything


def _all_that_an_error_shows(call: Callable[[], object]) -> list[str]:
    try:
        call()
    except ConnectorError as error:
        return ["".join(traceback.format_exception(error)), repr(error)]
    return []
