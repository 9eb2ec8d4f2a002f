"""What the methods for long series share: months, design, effect, notes."""
