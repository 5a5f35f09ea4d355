"""What can be done with plan files before they pay anybody: check, try, picture, compare, warn."""
