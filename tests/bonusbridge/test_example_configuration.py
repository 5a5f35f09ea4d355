"""The example configuration can be used as it is, once the secrets that it names are there."""

import re
import shutil
from pathlib import Path

import pytest

from bonusbridge.configuration import Configuration, ConfigurationError
from bonusbridge.wiring import open_work

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "bonusbridge.example.yaml"
ENVIRONMENT = {"SALESFORCE_CLIENT_ID": "client", "SALESFORCE_CLIENT_SECRET": "s3cr3t-for-tests"}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The example in a folder of its own, beside its secret file and the shipped plans."""
    folder = tmp_path / "docs"
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "erp-password").write_text("pa55word-for-tests\n")
    shutil.copytree(ROOT / "bonusbridge" / "plans" / "demo", tmp_path / "bonusbridge" / "plans" / "demo")
    return Path(shutil.copy(EXAMPLE, folder / "bonusbridge.yaml"))


def test_the_example_opens_every_part(copied: Path) -> None:
    configuration = Configuration.load(copied, ENVIRONMENT)
    with open_work(configuration, copied.parent) as work:
        assert [source.name for source in work.sources] == ["crm", "erp"]
        assert all(source.streams for source in work.sources)
        assert len(work.plans) == 4
    assert (copied.parent / "bonusbridge.db").is_file()
    assert configuration.api is not None
    assert dict(configuration.schedule) == {"refresh": "*/5 * * * *", "sweep": "30 2 * * *"}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_the_environment_that_it_names_is_what_it_needs(copied: Path, name: str) -> None:
    named = re.findall(r"^[^#\n]*\{env: (\w+)\}", copied.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) == set(ENVIRONMENT)
    lacking = {key: value for key, value in ENVIRONMENT.items() if key != name}
    with pytest.raises(ConfigurationError, match=f"the environment has no variable {name}; set it"):
        Configuration.load(copied, lacking)
