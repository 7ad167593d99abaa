"""The flow maps."""
from typing import Any
WORLD_CROP = {"base": [-4950.0, -4000.0, 4500.0, 3300.0], "wide": [-7700.0, -3950.0, 5300.0, 3400.0]}
LENS_CROP = {"base": [-1900.0, -150.0, 750.0, 1250.0]}
def world_base() -> dict[str, Any]:
    return {}
def lens_base() -> dict[str, Any]:
    return {}
def world(figures: dict[str, Any]) -> dict[str, Any]:
    return {}
def lens(figures: dict[str, Any]) -> dict[str, Any]:
    return {}
