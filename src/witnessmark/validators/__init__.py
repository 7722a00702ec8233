"""The door to the top-level ``validators/`` folder: ``witnessmark.validators.<name>``."""

from witnessmark.content import root

__path__.append(str(root() / "validators"))

NAMES = (
    "acted",
    "recorded",
    "recorded_exec",
    "recorded_script",
    "recorded_executable",
    "recorded_write_downloads",
    "recorded_write_caches",
    "recorded_log",
    "delivered",
    "detected",
    "retained",
    "cleaned",
)
"""Every validator, in the order of the links; each is one file of its name."""
