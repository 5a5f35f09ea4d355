"""Durable work: records are landed, normalised, joined into deals and calculated, and no kill loses or doubles any."""
