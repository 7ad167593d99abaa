"""An invented world of exporters that speaks the authorities' formats: demo data and tests grow from it."""
