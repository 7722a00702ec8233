"""Judges a bag: validators per link, then the verdict table. Pure: no clock, no I/O."""
