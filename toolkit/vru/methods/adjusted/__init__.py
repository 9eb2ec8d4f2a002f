"""What the adjusted comparison of people is made of: who can be compared, models fitted out of sample, the estimators."""
