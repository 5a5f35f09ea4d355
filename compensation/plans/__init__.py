"""The plan language: what a plan file may say, and how it is read."""
