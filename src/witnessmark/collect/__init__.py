"""Brings evidence from hosts into the bag, as raw bytes with the time each chunk was received."""
