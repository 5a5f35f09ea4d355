"""What an installation decides about the API. Frozen, and handed in by the wiring."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.\-]+(:[0-9]{1,5})?$|^https?://\[[0-9a-f:]+\](:[0-9]{1,5})?$")]
"""Scheme, host and port, without a path, e.g. ``https://acme.my.salesforce.com``. Never ``null`` or ``*``."""

WIDGETS = Path(__file__).parent.parent / "widgets"


class TokenSettings(BaseModel):
    """Whose tokens are believed, and what they have to say.

    The keys come from ``jwks_url`` or, where the issuer cannot be asked, from ``jwks``, the key set itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: str | None = None
    jwks: dict[str, Any] | None = None
    algorithms: tuple[Literal["RS256", "ES256"], ...] = ("RS256", "ES256")
    email_claim: str = "email"
    email_verified_claim: str | None = "email_verified"
    """The claim that must be true for the address to count; None only for an issuer that verifies every address."""
    roles_claim: str = "roles"
    administrator_role: str = "bonusbridge-administrator"
    leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 30

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if (self.jwks_url is None) == (self.jwks is None):
            raise ValueError("say where the issuer's keys are: set either jwks_url or jwks")
        return self


class ApiSettings(BaseModel):
    """``allowed_origins`` may call the API from a page, ``frame_ancestors`` may frame the deal card; each is exact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: TokenSettings
    allowed_origins: tuple[Origin, ...] = ()
    frame_ancestors: tuple[Origin, ...] = ()
    widgets: Path = WIDGETS
    max_variations: Annotated[int, Field(ge=1, le=1000)] = 100
    max_body_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    facts_kept_seconds: Annotated[float, Field(ge=0, le=60)] = 3
    """How old the facts of a simulation may be. Stored estimates are always read as they are."""
    simulation_threads: Annotated[int, Field(ge=1, le=64)] = 2
