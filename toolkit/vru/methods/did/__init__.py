"""What the difference-in-differences methods share: inference, two-way fits, cohorts."""
