"""Opening databases, transactions and migrations, on SQLite and PostgreSQL."""

import threading
import traceback
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from warehouse import migrations
from warehouse.database import DatabaseError, open_database, reading, writing


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root:s3cret@localhost/x", "mysql is not supported"),
        ("not a url s3cret", "cannot be read"),
        ("sqlite://", "names no file"),
        ("sqlite:////nowhere/x.db", "no folder"),
        ("postgresql://someone:s3cret@127.0.0.1:1/bonus", "cannot open postgresql"),
    ],
)
def test_a_bad_address_is_explained_without_its_password(url: str, says: str) -> None:
    with pytest.raises(DatabaseError, match=says) as caught:
        open_database(url)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear reader, " * 100)
    with pytest.raises(DatabaseError, match="cannot open"):
        open_database(f"sqlite:///{tmp_path / 'letter.db'}")


def test_sqlite_is_durable_and_keeps_foreign_keys(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'x.db'}")
    with reading(engine) as connection:
        found = [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    engine.dispose()
    assert found == ["wal", 2, 1]


def test_reading_refuses_writes_and_sees_one_snapshot(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE note (body TEXT)"))
    with reading(engine) as reader:
        assert reader.scalar(text("SELECT count(*) FROM note")) == 0
        with writing(engine) as writer:
            writer.execute(text("INSERT INTO note VALUES ('new')"))
        assert reader.scalar(text("SELECT count(*) FROM note")) == 0
        with pytest.raises(DBAPIError, match=r"read.?only"):
            reader.execute(text("INSERT INTO note VALUES ('refused')"))
    with reading(engine) as reader:
        assert reader.scalar(text("SELECT count(*) FROM note")) == 1


def test_an_exception_rolls_back(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE note (body TEXT)"))

    def write_and_fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO note VALUES ('lost')"))
            raise KeyError("after the write")

    with pytest.raises(KeyError, match="after the write"):
        write_and_fail()
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM note")) == 0


def test_writers_that_read_first_do_not_fail_as_locked(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def increment() -> None:
        for _ in range(25):
            with writing(engine) as connection:
                connection.scalar(text("SELECT value FROM counter"))
                connection.execute(text("UPDATE counter SET value = value + 1"))

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 100


def test_migrations_give_exactly_the_tables(engine: Engine) -> None:
    with writing(engine) as connection:
        assert migrations.differences(connection) == []
        connection.execute(text("ALTER TABLE source_streams ADD COLUMN surplus TEXT"))
        assert len(migrations.differences(connection)) == 1


def test_migrating_twice_changes_nothing_and_others_tables_are_left_alone(empty_database_url: str) -> None:
    engine = open_database(empty_database_url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE somebody_elses (body TEXT)"))
    with pytest.raises(DatabaseError, match="no warehouse yet"):
        migrations.check(engine)
    migrations.upgrade(engine)
    migrations.upgrade(engine)
    migrations.check(engine)
    with writing(engine) as connection:
        assert migrations.differences(connection) == []
        connection.execute(text("SELECT * FROM somebody_elses"))
        connection.execute(text("UPDATE warehouse_version SET version_num = 'future'"))
    with pytest.raises(DatabaseError, match="migration future"):
        migrations.check(engine)
    engine.dispose()
