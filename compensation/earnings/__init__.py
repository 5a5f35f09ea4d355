"""Credits become earnings: accumulators, and one engine for what happened and what might."""
