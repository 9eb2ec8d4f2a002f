"""Hot spots: found among candidate areas on some months, and tried on the months after. Internal: small counts stay here."""

from vru.hotspots.asked import Asked, Columns
from vru.hotspots.board import Board, lay_board
from vru.hotspots.find import Found, find
from vru.hotspots.handed import files_of, plan_block

__all__ = ["Asked", "Board", "Columns", "Found", "files_of", "find", "lay_board", "plan_block"]
