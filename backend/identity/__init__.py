"""Who may ask: tokens of programs and screens."""
