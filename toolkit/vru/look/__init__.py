"""What a file holds, before there is a plan: what each column seems to be, its coverage in time, and a plan to paste."""

from vru.look.archive import look_at_archive
from vru.look.areas import look_at_areas
from vru.look.looked import Coverage, Looked, Part
from vru.look.table import look_at_table

__all__ = ["Coverage", "Looked", "Part", "look_at_archive", "look_at_areas", "look_at_table"]
