"""Code tables, migrations and other things an administrator keeps."""
