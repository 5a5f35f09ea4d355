"""The examples of plan files, run: short ones along the curves alone, stories through everything."""
