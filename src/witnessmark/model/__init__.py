"""Every noun of the product as frozen dataclasses; imports nothing else of ours."""
