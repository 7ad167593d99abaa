"""What answers what on each screen; wiring only."""
