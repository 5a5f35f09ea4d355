"""Payout curves: from a position to cumulative pay, exactly."""
