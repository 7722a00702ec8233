"""A run's journal: written entry by entry, so that a run survives the death of its controller."""
