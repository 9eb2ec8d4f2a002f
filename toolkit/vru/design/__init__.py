"""Before and after an evaluation: what it could see, how often it would claim an effect of nothing, other choices."""
