"""The imperative shell: read, cache, execute notebooks, write, assure, publish."""
