"""What every page of the counter shares: its frame, its forms, and how a view says who may use it."""
