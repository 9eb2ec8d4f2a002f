"""What the weighted comparisons share: matching, inference, the answer."""
