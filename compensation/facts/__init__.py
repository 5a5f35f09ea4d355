"""What a calculation is given: frames, assignments, quotas, exchange rates."""
