"""The one configuration file: which systems, which mappings, which plans, who may ask.

Secrets are never written into it: wherever a value is expected, ``{env: NAME}`` reads it from the environment and
``{file: PATH}`` from a file (a trailing newline is dropped).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from mashup_api.settings import ApiSettings


class ConfigurationError(Exception):
    """The configuration cannot be used; the message names file, key and remedy."""


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"there is no time zone {name!r}; write one like Europe/Berlin") from None
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceConfiguration(_Strict):
    """One outside system: how to reach it, and how its records become ours."""

    connector: str
    mapping: str
    refers_to: dict[str, str] = {}
    settings: dict[str, Any] = {}


class Schedule(_Strict):
    """Cron expressions, read in the configuration's time zone."""

    refresh: str = "*/5 * * * *"
    sweep: str = "30 2 * * *"


class Configuration(_Strict):
    """Everything that differs between two installations. Relative paths are relative to the file's folder."""

    database: str = "sqlite:///bonusbridge.db"
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "UTC"
    worker_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")] = "local"
    plans: tuple[Path, ...] = ()
    sources: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], SourceConfiguration]
    api: ApiSettings | None = None
    schedule: Schedule = Schedule()

    @classmethod
    def load(cls, path: Path, environment: Mapping[str, str]) -> Self:
        """The file's configuration with its secrets filled in; ConfigurationError names what is wrong and where."""
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigurationError(
                f"{path}: there is no such file; name one with --config, or copy docs/bonusbridge.example.yaml"
            ) from None
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; mend its rights or name it") from None
        except yaml.MarkedYAMLError as error:
            # Without the line's text, which may be a secret.
            line = f"{error.problem_mark.line + 1}: " if error.problem_mark else " "
            raise ConfigurationError(f"{path}:{line}this is not YAML ({error.problem}); mend the line") from None
        except (yaml.YAMLError, UnicodeDecodeError):
            raise ConfigurationError(f"{path}: this is not text in UTF-8; save it as such") from None
        if not isinstance(document, dict):
            raise ConfigurationError(f"{path}: a mapping with the keys sources, database, plans, api is expected")
        resolved = _with_secrets(document, path, environment, "")
        try:
            configuration = cls.model_validate(resolved)
        except ValidationError as error:
            raise ConfigurationError(describe_errors(str(path), error)) from None
        return configuration.model_copy(update={"plans": tuple(path.parent / plan for plan in configuration.plans)})


def describe_errors(place: str, error: ValidationError) -> str:
    """One line a problem; never the refused values, which may be secrets."""
    return "\n".join(f"{place}: {_key(item)}: {_wording(item)}" for item in error.errors(include_input=False))


def _key(item: ErrorDetails) -> str:
    return ".".join(str(part) for part in item["loc"] if part != "[key]")


def _wording(item: ErrorDetails) -> str:
    match item["type"]:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            return "is no key that is known here; correct its spelling, or take it out"
        case "value_error":
            return item["msg"].removeprefix("Value error, ")
        case _:
            return f"{item['msg']}; correct it"


def _with_secrets(value: object, path: Path, environment: Mapping[str, str], key: str) -> object:
    if isinstance(value, list):
        return [_with_secrets(item, path, environment, f"{key}[{at}]") for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"}:
        name = str(value["env"])
        if name not in environment:
            raise ConfigurationError(f"{path}: {key}: the environment has no variable {name}; set it")
        return environment[name]
    if set(value) == {"file"}:
        return _secret_file(path.parent / str(value["file"]), path, key)
    return {
        name: _with_secrets(item, path, environment, f"{key}.{name}" if key else str(name))
        for name, item in value.items()
    }


def _secret_file(secret: Path, path: Path, key: str) -> str:
    try:
        return secret.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{path}: {key}: cannot read {secret}: {error.strerror}; put it there") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: {key}: {secret} is not text in UTF-8; save it as such") from None
