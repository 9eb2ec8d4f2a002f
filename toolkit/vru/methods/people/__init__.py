"""What methods on cohorts share: rows ready to compare, and the arms described."""
