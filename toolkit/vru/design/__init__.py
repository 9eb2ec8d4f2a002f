"""Before and after an evaluation: what it could see, and how often it would have claimed an effect of nothing."""
