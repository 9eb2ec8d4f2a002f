"""The toolkit's version; every result and record carries it."""

__version__ = "0.1.0"
