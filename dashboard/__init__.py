"""The entrance: settings, start, shell and the only module that knows every folder."""
