"""What an analysis at an eligibility threshold is made of: the two sides of it, and what must be said of them."""
