"""A fleet that never was: records of Macs at work, with planted behaviour of known answer."""
