"""What needs somebody's eyes: one open alert for each thing that went wrong, and who did what about it."""
