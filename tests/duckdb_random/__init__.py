"""The parts of `tests/duckdb_random.py`: a second computation of random pipelines, in DuckDB."""
