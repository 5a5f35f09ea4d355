"""Calculations in parts: over facts as Parquet files, one part after another or many at once on Spark."""
