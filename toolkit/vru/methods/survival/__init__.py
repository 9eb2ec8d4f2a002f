"""What methods on times to an event share: rows with follow-up, the course of each arm, Cox's model."""
