"""Pure decoders, one per source: what a sensor wrote, as events. No I/O happens here."""
