"""One module a system: pages of source records out, a few fields back in. Knows nothing about bonuses."""
