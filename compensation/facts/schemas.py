"""Columns and types of each frame that a calculation is given."""

import polars as pl

_TEXT, _WHOLE, _DAY, _YES = pl.String(), pl.Int64(), pl.Date(), pl.Boolean()
_SPAN: dict[str, pl.DataType] = {"from_on": _DAY, "to_on": _DAY}

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "transactions": {
        "transaction_id": _TEXT,
        "deal_id": _TEXT,
        "kind": _TEXT,
        "dated_on": _DAY,
        "posting_sequence": _WHOLE,
        "source": _TEXT,
        "source_ref": _TEXT,
        "currency": _TEXT,
        "revenue_minor": _WHOLE,
        "margin_minor": _WHOLE,
        "quantity_millionths": _WHOLE,
        "product": _TEXT,
        "product_family": _TEXT,
        "customer": _TEXT,
        "region": _TEXT,
        "channel": _TEXT,
        "reverses_id": _TEXT,
        "document_id": _TEXT,
        "settles_id": _TEXT,
        "document_type": _TEXT,
    },
    "participants": {
        "deal_id": _TEXT,
        "payee_id": _TEXT,
        "role": _TEXT,
        "share_millionths": _WHOLE,
        "is_overlay": _YES,
    },
    "assignments": {
        "payee_id": _TEXT,
        "name": _TEXT,
        "email": _TEXT,
        "title": _TEXT,
        "region": _TEXT,
        "channel": _TEXT,
        "manager_id": _TEXT,
        "pay_currency": _TEXT,
        **_SPAN,
        "team": _TEXT,
        "salary_minor": _WHOLE,
        "hired_on": _DAY,
        "successor_id": _TEXT,
    },
    "quotas": {"payee_id": _TEXT, "measure": _TEXT, **_SPAN, "quota_minor": _WHOLE, "currency": _TEXT},
    "rates": {"from_currency": _TEXT, "to_currency": _TEXT, "valid_from": _DAY, "rate": _TEXT},
    "currencies": {"currency": _TEXT, "exponent": _WHOLE},
    "deals": {
        "deal_id": _TEXT,
        "source": _TEXT,
        "ref": _TEXT,
        "name": _TEXT,
        "customer": _TEXT,
        "stage": _TEXT,
        "stage_name": _TEXT,
        "owner_id": _TEXT,
        "expected_on": _DAY,
        "currency": _TEXT,
        "amount_minor": _WHOLE,
        "amount_basis": _TEXT,
    },
    "measures": {"transaction_id": _TEXT, "measure": _TEXT, "value": _WHOLE},
    "attributes": {"transaction_id": _TEXT, "attribute": _TEXT, "value": _TEXT},
    "coverage": {
        "payee_id": _TEXT,
        "role": _TEXT,
        "customer": _TEXT,
        "product": _TEXT,
        "product_family": _TEXT,
        "region": _TEXT,
        "channel": _TEXT,
        "share_millionths": _WHOLE,
        "precedence": _WHOLE,
        **_SPAN,
    },
    "metrics": {"subject": _TEXT, "metric": _TEXT, **_SPAN, "value": _TEXT},
    "targets": {"payee_id": _TEXT, "component": _TEXT, **_SPAN, "target_minor": _WHOLE, "currency": _TEXT},
    "factors": {"payee_id": _TEXT, "modifier": _TEXT, **_SPAN, "factor": _TEXT, "author": _TEXT, "reason": _TEXT},
    "absences": {"payee_id": _TEXT, **_SPAN},
    "holds": {"deal_id": _TEXT, "document_id": _TEXT, **_SPAN, "author": _TEXT, "reason": _TEXT},
    "posted": {
        "payee_id": _TEXT,
        "plan": _TEXT,
        "component": _TEXT,
        "transaction_id": _TEXT,
        "party": _TEXT,
        "period_label": _TEXT,
        "posted_in": _TEXT,
        "earning_minor": _WHOLE,
        "currency": _TEXT,
        "released_minor": _WHOLE,
    },
    "paid": {
        "payee_id": _TEXT,
        "plan": _TEXT,
        "period_label": _TEXT,
        "paid_minor": _WHOLE,
        "owed_minor": _WHOLE,
        "carried_minor": _WHOLE,
        "currency": _TEXT,
    },
}
"""Money is in minor units of ``currency``, quantities and shares in millionths; ``to_on`` is the first day after."""

MAY_BE_ABSENT: dict[str, frozenset[str]] = {
    "transactions": frozenset({"document_id", "settles_id", "document_type"}),
    "assignments": frozenset({"team", "salary_minor", "hired_on", "successor_id"}),
    "posted": frozenset({"released_minor"}),
}
"""Columns that a frame may lack; they are nulls then."""

_MATCHED = frozenset({"product", "product_family", "customer", "region", "channel"})
MAY_BE_NULL: dict[str, frozenset[str]] = {
    "transactions": _MATCHED | {"dated_on", "margin_minor", "reverses_id"} | MAY_BE_ABSENT["transactions"],
    "assignments": MAY_BE_ABSENT["assignments"] | {"email", "region", "channel", "manager_id", "pay_currency", "to_on"},
    "posted": MAY_BE_ABSENT["posted"],
    "deals": frozenset({"customer", "owner_id", "expected_on", "amount_minor"}),
    "coverage": _MATCHED | {"to_on"},
    "metrics": frozenset({"to_on"}),
    "targets": frozenset({"to_on"}),
    "factors": frozenset({"to_on", "author", "reason"}),
    "absences": frozenset({"to_on"}),
    "holds": frozenset({"document_id", "to_on"}),
}
"""Columns that may have nulls: an open end, or an attribute that is not known (of coverage: any)."""

UNIQUE: dict[str, tuple[str, ...]] = {
    "transactions": ("transaction_id",),
    "deals": ("deal_id",),
    "measures": ("transaction_id", "measure"),
    "attributes": ("transaction_id", "attribute"),
}
"""What names a row of a frame."""

EXACT_TEXTS = {"metrics": "value", "factors": "factor"}
"""Columns of texts that spell an exact number: a decimal, or a ratio such as ``1/3``."""

DATED = ("coverage", "metrics", "targets", "factors", "absences", "holds")
"""Frames whose rows have to end after they begin."""
