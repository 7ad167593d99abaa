"""The wall's figures as pure functions: sums kept, options free of code, any country placed, bytes ready to send."""

import copy
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from dash._utils import to_json
from pyecharts.charts import Bar
from pyecharts.commons.utils import JsCode

from dashboard import figures, flow_labels, flow_lines, options, panels, panels_process, publish
from dashboard.blank import blank_text
from dashboard.label_room import Label, Room
from dashboard.panels_map import BASE, LENS, WIDE
from geo.ports import XIAN
from geo.projection import project

SAMPLE = Path(__file__).parent / "samples" / "wall_figures.json"


@pytest.fixture
def sample() -> dict[str, Any]:
    """One minute's figures by the contract, whose parts sum up."""
    loaded: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return loaded


def words(node: Any) -> Iterator[str]:
    """All texts of a tree, in reading order."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        start = 2 if node and isinstance(node[0], str) else 0
        for child in node[start:]:
            yield from words(child)


def keys(node: Any) -> Iterator[str]:
    """All keys of an option, at any depth."""
    if isinstance(node, dict):
        yield from node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from keys(child)


def test_the_sample_adds_up(sample: dict[str, Any]) -> None:
    year = sample["year"]
    for part in ("countries", "enterprises", "fuel", "modes", "flows"):
        assert sum(row["vehicles"] for row in sample[part]) == year["vehicles"], part
    for part in ("countries", "enterprises"):
        assert sum(row["cny_cents"] for row in sample[part]) == year["cny_cents"], part


@pytest.mark.parametrize("form", ["base", "wide"])
def test_each_composition_of_the_ranking_adds_up_to_the_year(sample: dict[str, Any], form: str) -> None:
    tree = panels.countries(sample)
    other = {"base": "wide", "wide": "base"}[form]
    rows = [
        row
        for row in tree[3][2:]
        if row[1] == "" or (row[1] if isinstance(row[1], str) else row[1].get("className", "")) != other
    ]
    assert sum(int(list(words(row))[-3].replace(",", "")) for row in rows) == sample["year"]["vehicles"]


def test_rankings_keep_their_number_of_rows_whatever_the_data(sample: dict[str, Any]) -> None:
    few = copy.deepcopy(sample)
    few["countries"], few["models"] = sample["countries"][:2], []
    for build in (panels.countries, panels.models, panels.enterprises):
        assert len(build(few)[3]) == len(build(sample)[3])


def test_a_line_of_ports_adds_up_when_some_have_no_room(sample: dict[str, Any]) -> None:
    given = [{"key": str(i), "name": f"第{i}号口岸", "vehicles": 1000 + i} for i in range(6)]
    line = panels_process.fitting_ports(given, 22.4)
    assert line[-1]["name"] == "其他" and len(line) < 6
    assert sum(p["vehicles"] for p in line) == sum(p["vehicles"] for p in given)


def test_no_more_kinds_of_drive_than_there_is_room_for_and_none_is_lost() -> None:
    parts = [
        {"key": k, "name": k, "vehicles": n, "share": n / 100} for k, n in zip("abcde", (40, 20, 6, 32, 2), strict=True)
    ]
    shown = panels_process.few(parts)
    assert [part["name"] for part in shown] == ["a", "b", "d", "其他"]
    assert sum(part["vehicles"] for part in shown) == 100 and shown[-1]["share"] == pytest.approx(0.08)


def test_stations_without_a_source_say_so_and_show_no_figure(sample: dict[str, Any]) -> None:
    text = list(words(panels_process.flow(sample)))
    assert text.count("尚无数据源") == sum(not stage["source"] for stage in sample["stages"])


def test_no_goal_is_said_quietly(sample: dict[str, Any]) -> None:
    sample["goal"] = None
    assert "未设年度目标" in list(words(panels.hero(sample)))


def test_a_fault_turns_the_seal_and_stands_in_the_lane(sample: dict[str, Any]) -> None:
    good = panels_process.alert_text(sample)
    sample["fault"] = {"code": "reconcile", "message": "出口额未对平", "since": "2026-11-23T23:40:00+08:00"}
    bad = panels_process.alert_text(sample)
    assert "".join(words(good["seal"])) == "账实相符" and list(words(good["lane"])) == ["无未关闭告警"]
    assert "".join(words(bad["seal"])) == "账实不符" and "严重 · 自 23:40 起" in list(words(bad["lane"]))
    assert bad.keys() == good.keys()


def test_not_reconciled_without_a_fault_is_no_good_seal_either(sample: dict[str, Any]) -> None:
    sample["reconciled"] = False
    assert "".join(words(panels_process.alert_text(sample)["seal"])) == "账实不符"


def test_the_first_moment_claims_nothing(sample: dict[str, Any]) -> None:
    blank = blank_text()
    assert blank.keys() == publish.wall(sample)["text"].keys()
    said = [text for tree in blank.values() if tree is not None for text in words(tree)]
    assert "0" not in said and "账实相符" not in said and not any("暂无" in text or "未设" in text for text in said)


def test_a_changed_figure_changes_its_part_alone(sample: dict[str, Any]) -> None:
    before = publish.wall(sample)["text"]
    sample["month"]["cny_cents"] += 50_000_000
    after = publish.wall(sample)["text"]
    assert [name for name in before if before[name] != after[name]] == ["hero"]


def test_trend_labels_do_not_grow_with_the_months(sample: dict[str, Any]) -> None:
    option = figures.trend(sample)
    shown = [item["label"]["show"]["__by__"] for item in option["series"][0]["data"]]
    assert sum(show["base"] for show in shown) <= 3 and all(show["wide"] for show in shown)
    assert option["yAxis"]["max"] > max(item["value"] for item in option["series"][0]["data"])


def test_no_option_holds_source_text(sample: dict[str, Any]) -> None:
    for name, option in publish.wall(sample)["charts"].items():
        dumped = json.dumps(option)
        assert "function" not in dumped and options.JS_MARK not in dumped, name
    assert {"__fn__": "thousands"} in [s["label"]["formatter"] for s in figures.trend(sample)["series"] if "label" in s]


def test_code_in_a_pyecharts_option_is_refused() -> None:
    chart = Bar().add_xaxis(["a"]).add_yaxis("b", [1])
    chart.set_series_opts(label_opts={"formatter": JsCode("function (p) { return p.value; }")})
    with pytest.raises(ValueError, match="已登记"):
        options.from_pyecharts(chart)


def test_every_chart_has_words_for_who_does_not_see_it(sample: dict[str, Any]) -> None:
    for option in publish.wall(sample)["charts"].values():
        assert len(option["aria"]["label"]["description"]) > 10


def test_every_flow_of_the_sample_is_drawn_and_every_country_has_its_dot(sample: dict[str, Any]) -> None:
    lines, dots = flow_lines.data(sample, BASE)
    assert {flow["country"] for flow in sample["flows"]} == {dot["key"] for dot in dots["data"]}
    x, y = project(*XIAN)
    assert all(math.dist(dot["coords"][0], (x, y)) < 1 for dot in dots["data"])
    widest = max(line["lineStyle"]["width"]["__rem__"] for line in lines["data"])
    assert widest == pytest.approx(968 / 5301 * BASE.full, abs=0.001)  # the largest single flow: to Russia


def test_a_place_without_a_point_on_the_map_is_left_to_the_ranking(sample: dict[str, Any]) -> None:
    sample["flows"].append({"country": "ZZZ", "mode": "2", "office": "", "vehicles": 3})
    sample["countries"].append({**sample["countries"][-1], "key": "ZZZ", "name": "国别（地区）不详", "vehicles": 3})
    assert "ZZZ" not in {item["key"] for item in flow_labels.items(sample, BASE)}
    assert "ZZZ" not in {dot["key"] for dot in flow_lines.data(sample, BASE)[1]["data"]}


def test_thinning_keeps_ends_and_stays_within_its_tolerance() -> None:
    path = tuple((float(i), math.sin(i / 5)) for i in range(100))
    kept = flow_lines.thinned(path, 0.05)
    assert kept[0] == path[0] and kept[-1] == path[-1] and len(kept) < 60


EVERYWHERE = (
    "GBR",
    "MEX",
    "THA",
    "POL",
    "NPL",
    "TKM",
    "PER",
    "KEN",
    "SAU",
    "VNM",
    "LAO",
    "MMR",
    "IND",
    "PAK",
    "DEU",
    "BRA",
    "AUS",
    "JPN",
    "KOR",
    "PRK",
)


@pytest.mark.parametrize("panel", [BASE, WIDE])
def test_countries_nobody_placed_find_room_without_standing_on_china_or_each_other(
    sample: dict[str, Any], panel: Any
) -> None:
    rows = [{"key": key, "name": "某某国家", "vehicles": 20 - i, "cny_cents": 1} for i, key in enumerate(EVERYWHERE)]
    sample["countries"] += rows
    room = Room(panel, [])
    generic = [
        item for item in flow_labels.items(sample, panel) if item["key"] in EVERYWHERE and "seen" in item["__when__"]
    ]
    assert len(generic) >= 8
    vehicles = {row["key"]: row["vehicles"] for row in rows}
    named = {item["key"]: item["label"]["formatter"].split("|")[1].split("}")[0] for item in generic}  # short or full
    labels = [
        Label(tuple(item["value"]), flow_labels.figure_width(named[item["key"]], vehicles[item["key"]]) - 0.2)
        for item in generic
    ]
    assert not any(room.over_china(label) for label in labels)
    assert not any(room.touch(a, b) for i, a in enumerate(labels) for b in labels[:i])


def test_a_destination_outside_the_picture_leaves_by_its_edge(sample: dict[str, Any]) -> None:
    names = {item["label"]["formatter"] for item in flow_labels.items(sample, BASE) if "unseen" in item["__when__"]}
    assert any("◂ 尼日利亚" in name and "108" in name for name in names)
    assert not any("尼日利亚" in item["label"]["formatter"] for item in flow_labels.items(sample, LENS))


def test_parts_are_bytes_that_dash_passes_on_untouched(sample: dict[str, Any]) -> None:
    parts = publish.render(sample)
    assert set(parts) == {"wall", "home", "ribbon", "plain"}
    for part in parts.values():
        assert (
            to_json({"response": {"x": {"data": orjson.Fragment(part)}}}).encode()
            == b'{"response":{"x":{"data":' + part + b"}}}"
        )
    assert len(parts["wall"]) < 150_000


def test_options_name_only_tokens_that_the_style_sheet_has(sample: dict[str, Any]) -> None:
    sheet = (Path(__file__).parent.parent / "assets" / "00-tokens.css").read_text(encoding="utf-8")
    named = set()

    def collect(node: Any) -> None:
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            collect(value)
        if isinstance(node, dict) and "__token__" in node:
            named.add(node["__token__"])

    collect(publish.wall(sample)["charts"])
    assert named and not [name for name in named if f"--{name}:" not in sheet]


def tags(node: Any) -> set[str]:
    """Every tag of a tree."""
    if not isinstance(node, list) or not node:
        return set()
    if isinstance(node[0], list):
        return set().union(*(tags(child) for child in node))
    return {node[0]}.union(*(tags(child) for child in node[2:]))


def test_the_browser_draws_every_tag_that_the_trees_use(sample: dict[str, Any]) -> None:
    source = (Path(__file__).parent.parent / "assets" / "js" / "20-live.js").read_text(encoding="utf-8")
    drawn = set(re.search(r"var TAGS = \('([^']+)'\)", source)[1].split())  # type: ignore[index]
    text = orjson.loads(publish.render(sample)["wall"])["text"]
    assert set().union(*(tags(tree) for tree in text.values())) - drawn - {"", "fresh"} == set()
