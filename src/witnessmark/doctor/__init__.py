"""The doctor: whether a run could work on each host, found out by trying, before any case."""
