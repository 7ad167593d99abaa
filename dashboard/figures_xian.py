"""The map of Xi'an: districts tinted by vehicles, development zones as numbered points."""
from typing import Any
CROP = {"base": [-52.0, -34.0, 58.0, 62.0]}
def base() -> dict[str, Any]:
    return {}
def option(figures: dict[str, Any]) -> dict[str, Any]:
    return {}
