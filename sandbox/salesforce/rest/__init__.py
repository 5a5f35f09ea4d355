"""The REST API, a topic a module."""
