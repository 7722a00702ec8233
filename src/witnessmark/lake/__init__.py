"""The fleet form: telemetry as narrow Parquet, and the AN0994 rules as one SQL text over it."""
