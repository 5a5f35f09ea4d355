"""Figures: numbers of a payee and a period that gates, modifiers, scorecards, matrices and rankings look at."""
