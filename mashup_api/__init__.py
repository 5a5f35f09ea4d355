"""HTTP: what a deal pays, why, and what it would pay; the deal card and the page that embeds it."""
