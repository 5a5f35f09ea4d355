"""What a person has to set right before a large calculation goes through."""


class FolderError(Exception):
    """A folder of facts or results that cannot be used; the message says which, and what to do."""


class SparkError(Exception):
    """Spark is not installed, does not start or does not finish; the message says what to do."""
