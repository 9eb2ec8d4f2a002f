"""Work round an evaluation that replays it: other defensible choices, other dates and areas, other designs."""
