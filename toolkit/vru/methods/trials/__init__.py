"""What trials share: who was allocated to what, the answer on one scale, and what to say about it."""
