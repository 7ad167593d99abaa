"""The counter: every write, every rule, identity, audit and exchange."""
