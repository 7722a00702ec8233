"""witnessmark: proves, link by link, whether an organisation really sees ATT&CK AN0994 on macOS."""

__version__ = "0.1.0"
