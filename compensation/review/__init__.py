"""Plans reviewed before they cost money: what they make worth while, and what a new version would have paid."""
