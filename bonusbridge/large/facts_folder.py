"""Facts as Parquet files, so divided that some deals can be read without the others.

``transactions``, ``participants``, ``measures``, ``attributes`` and ``deals`` are folders ``<frame>.parquet`` with a
file ``bucket-00007.parquet`` for each bucket of deals; every other frame is one file ``<frame>.parquet``.
``facts.json`` says how many buckets there are; it is written last. Which deals share a bucket: see
:mod:`compensation.partitions.deals`.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from bonusbridge.large.errors import FolderError
from compensation import Facts
from compensation.facts.schemas import SCHEMAS
from compensation.partitions.deals import deal_places

BUCKETS = 64
FORMAT = 1
_BY_DEAL = ("transactions", "participants", "deals")
_BY_TRANSACTION = ("measures", "attributes")
DIVIDED = (*_BY_DEAL, *_BY_TRANSACTION)
_HISTORY = ("posted", "paid")
_CONTENTS = "facts.json"


def new_folder(folder: Path) -> Path:
    """The folder, made for its owner alone; FolderError if there is anything in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise FolderError(f"{folder} cannot be made: {error.strerror}; name another folder") from None
    if not is_empty:
        raise FolderError(f"{folder} is not empty; name a new folder, so that nothing is mixed")
    return folder


def write_facts(facts: Facts, folder: Path, buckets: int = BUCKETS) -> None:
    """Writes all frames into a new folder."""
    new_folder(folder)
    deals = deal_places(facts, buckets)
    transactions = facts.transactions.select("transaction_id", "deal_id").join(deals, on="deal_id")
    for name in _BY_DEAL:
        _write_divided(getattr(facts, name).join(deals, on="deal_id"), folder / f"{name}.parquet")
    for name in _BY_TRANSACTION:
        placed = transactions.select("transaction_id", "place")
        _write_divided(getattr(facts, name).join(placed, on="transaction_id"), folder / f"{name}.parquet")
    for name in SCHEMAS.keys() - set(DIVIDED):
        getattr(facts, name).write_parquet(folder / f"{name}.parquet")
    (folder / _CONTENTS).write_text(json.dumps({"format": FORMAT, "buckets": buckets}) + "\n")


def _write_divided(frame: pl.DataFrame, folder: Path) -> None:
    """A file for each bucket in which there is anything, and for the first."""
    folder.mkdir()
    parts = {place: part for (place,), part in frame.partition_by("place", as_dict=True, include_key=False).items()}
    for place in sorted({0, *parts}):
        parts.get(place, frame.drop("place").clear()).write_parquet(folder / f"bucket-{place:05}.parquet")


class FactsFolder:
    """A folder that :func:`write_facts` wrote. FolderError if it is none, or a file cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            contents = json.loads((folder / _CONTENTS).read_text())
            known, self.buckets = contents["format"], int(contents["buckets"])
        except (OSError, ValueError, KeyError, TypeError):
            raise FolderError(f"{folder} holds no facts ({_CONTENTS}); write some with 'bonusbridge export'") from None
        if known != FORMAT:
            raise FolderError(f"{folder} was written by another version; write it anew with 'bonusbridge export'")

    def of_deals(self, buckets: Iterable[int]) -> Facts:
        """The facts of some buckets of deals; what says nothing of deals is whole, but for earlier payments."""
        wanted = list(buckets)
        return Facts(**{name: self._divided(name, wanted) for name in DIVIDED}, **self._whole(_HISTORY))

    def without_deals(self, transactions: pl.DataFrame) -> Facts:
        """What says nothing of deals, and those ``transactions``."""
        empty = {name: pl.DataFrame(schema=SCHEMAS[name]) for name in DIVIDED}
        return Facts(**{**empty, "transactions": transactions}, **self._whole())

    def _whole(self, but: Iterable[str] = ()) -> dict[str, pl.DataFrame]:
        names = SCHEMAS.keys() - {*DIVIDED, *but}
        return {name: read_file(self._folder / f"{name}.parquet") for name in names}

    def _divided(self, name: str, buckets: Iterable[int]) -> pl.DataFrame:
        folder = self._folder / f"{name}.parquet"
        if not folder.is_dir():
            raise FolderError(f"{folder} is missing; write the facts anew with 'bonusbridge export'")
        return pl.concat([pl.DataFrame(schema=SCHEMAS[name]), *self._read(folder, buckets)])

    def _read(self, folder: Path, buckets: Iterable[int]) -> Iterator[pl.DataFrame]:
        for bucket in buckets:
            file = folder / f"bucket-{bucket:05}.parquet"
            if file.exists():
                yield read_file(file)


def read_file(file: Path) -> pl.DataFrame:
    """The frame; FolderError if it is missing or is no Parquet file."""
    try:
        return pl.read_parquet(file, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError):
        raise FolderError(f"{file} is missing or cannot be read as Parquet; write the facts anew") from None
