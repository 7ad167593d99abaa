"""The kitchen: facts, metrics, queries and generations; it only reads the transaction database."""
