"""Arrays in, frozen dataclasses out: numpy and scipy only, no panels, no files."""
