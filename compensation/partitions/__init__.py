"""A calculation in parts: documents are credited deal by deal, credits are paid unit by unit, to the same cents."""
