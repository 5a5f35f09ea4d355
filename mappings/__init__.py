"""Source records become canonical records, and canonical records become deals."""
