"""What the displacement differences share: sums weighted by harm."""
