"""Before and after an evaluation: what it could see, and how often it would have claimed a change where nothing was done."""
