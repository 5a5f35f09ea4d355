"""What open deals would pay, and why: proposals, estimates, reasons in words."""
