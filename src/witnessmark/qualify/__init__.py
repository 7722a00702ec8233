"""Qualifying a Mac: golden lines of its sources, scrubbed, held against what the decoders know."""
