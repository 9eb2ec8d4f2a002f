"""What may be said of a result, one rule each, for reports, records and pages alike."""
