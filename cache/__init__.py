"""The pantry: one door to published generations and their bytes."""
