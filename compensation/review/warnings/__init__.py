"""One module for each kind of warning."""
