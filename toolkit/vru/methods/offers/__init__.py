"""What an analysis of offers is made of: the rows with both arms known, and what must be said of them."""
