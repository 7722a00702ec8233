"""The evidence bag: a BagIt folder (RFC 8493) that holds all that was seen, and nothing judged."""
