"""Export declarations: fields, messages, receipts, states and money."""
