"""The line that every change leaves behind."""
