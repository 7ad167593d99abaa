"""National cryptography for the platform: SM3 digests, SM4 sealed fields, SM2 signatures and their key files."""
