"""The page that a methods reviewer reads: everything needed to judge an evaluation without writing to its author."""

from vru.process.pack.composing import Again, Pack, compose_pack

__all__ = ["Again", "Pack", "compose_pack"]
