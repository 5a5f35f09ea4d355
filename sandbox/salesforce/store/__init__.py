"""What an org holds: objects and their fields, values and rows, and what is worked out from them."""
