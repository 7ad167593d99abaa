"""What is where on each screen; layout only."""
