"""SOQL: the text read, and what it selects."""
