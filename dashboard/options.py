"""Chart options as plain JSON: charts drawn up with pyecharts, and what makes an option fit to be sent."""

import json
from typing import Any

from pyecharts.charts.base import Base, default
from pyecharts.commons.utils import remove_key_with_none_value

JS_MARK = "--x_x--0_0--"  # pyecharts puts it around JsCode; its own JSON dump would strip it and leave a bare string.


def from_pyecharts(chart: Base) -> dict[str, Any]:
    """The option of a pyecharts chart as plain data; JsCode("name") becomes a function of the browser's registry.

    Raises ValueError when JsCode holds source text instead of a name: source would need eval.
    """
    raw = json.dumps(remove_key_with_none_value(chart.get_options()), default=default)
    option: dict[str, Any] = named_functions(json.loads(raw))
    return option


def named_functions(node: Any) -> Any:
    """Put {"__fn__": name} where pyecharts marked a function, at any depth."""
    if isinstance(node, dict):
        return {key: named_functions(value) for key, value in node.items()}
    if isinstance(node, list):
        return [named_functions(value) for value in node]
    if isinstance(node, str) and JS_MARK in node:
        return function_of(node.replace(JS_MARK, ""))
    return node


def function_of(name: str) -> dict[str, str]:
    """The marker of one registered function."""
    if not name.isidentifier():
        raise ValueError(f"图表中的函数须是已登记的名字，不能是代码：{name[:40]}")
    return {"__fn__": name}


def described(option: dict[str, Any], words: str) -> dict[str, Any]:
    """Give a chart its text for screen readers; ECharts writes it as the aria-label of the drawing."""
    return {**option, "aria": {"enabled": True, "label": {"description": words}}}
