"""The register of enterprises."""
