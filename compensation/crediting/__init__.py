"""Transactions become credits: who is credited, by which rule, with how much."""
