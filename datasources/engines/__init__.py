"""The analytic engines behind the registered queries."""
