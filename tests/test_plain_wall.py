"""The wall without scripts: the wall's own figures as escaped text, whatever is published, and cheap to make."""

import json
import re
import time
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.frame.allow import permission_of
from dashboard import format as f
from dashboard.blank import blank_figures
from dashboard.plain_page import SHANGHAI, add_plain, document
from dashboard.plain_text import age, ago, clock
from dashboard.plain_wall import plain
from dashboard.tree_html import html_of
from geo.shapes import dash_lines, outline_bytes
from tests.browser.wall_stand import Stand, build, sample_figures

EMPTY = ("countries", "models", "enterprises", "fuel", "modes", "flows", "districts", "zones", "trend", "ticker")


class Well(HTMLParser):
    """Reads a document and notes tags that do not close, all texts, and every attribute."""

    VOID = ("meta", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack, self.texts, self.tags, self.attributes = (
            list[str](),
            list[str](),
            list[str](),
            list[tuple[str, Any]](),
        )
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def client(stand: Stand) -> FlaskClient:
    app = build(stand)
    add_plain(app, stand)
    return app.test_client()


def page(client: FlaskClient, address: str = "/wall/plain") -> str:
    """The document, read as well-formed."""
    answer = client.get(address)
    text: str = answer.get_data(as_text=True)
    assert answer.status_code == 200 and answer.content_type == "text/html; charset=utf-8"
    Well(text)
    return text


def test_it_needs_the_walls_permission(stand: Stand) -> None:
    app = build(stand)
    add_plain(app, stand)
    assert permission_of(app, "plain_wall") == "view:wall"


def test_it_has_neither_script_nor_form_nor_anything_of_other_hosts(client: FlaskClient) -> None:
    read = Well(page(client))
    assert not {"script", "form", "input", "button", "a", "iframe", "img"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert not [value for _, value in read.attributes if value and "//" in value]
    assert ("content", "60") in read.attributes


def test_it_shows_the_figures_of_the_wall(client: FlaskClient, stand: Stand) -> None:
    texts = Well(page(client)).texts
    figures = stand.figures
    expected = [f.count(figures["year"]["vehicles"]), f.money(figures["year"]["cny_cents"]).text]
    expected += [f.wan(row["cny_cents"]) for row in [*figures["countries"][:7], *figures["models"][:5]]]
    expected += [f.count(port["vehicles"]) for mode in figures["modes"] for port in mode["ports"][:2]]
    assert [words for words in expected if words not in texts] == []
    assert "演示数据" in texts and "".join(texts[texts.index("账") : texts.index("账") + 4]) == "账实相符"
    assert any(words.startswith("审图号：") for words in texts)


def test_the_map_has_china_whole_with_all_its_dashes_and_every_corridor(stand: Stand) -> None:
    body = plain(stand.figures)["body"]
    dashes = re.search(r'class="dashes" d="([^"]*)"', body)
    assert dashes is not None and dashes[1].count("M") == len(dash_lines())
    home = re.search(r'class="home" d="([^"]*)"', body)
    assert home is not None and home[1].count("M") == rings_of_china()  # the mainland with its islands, however small
    widths = [float(width) for width in re.findall(r'class="flow" stroke-width="([\d.]+)"', body)]
    assert len(widths) > 15 and min(widths) >= 1.4


def rings_of_china() -> int:
    """How many outlines China has in the committed map."""
    features = json.loads(outline_bytes("world"))["features"]
    china = next(one for one in features if one["properties"]["name"] == "CHN")
    return sum(len(polygon) for polygon in china["geometry"]["coordinates"])


def test_names_out_of_declarations_stay_text(client: FlaskClient, stand: Stand) -> None:
    evil = '<script>alert(1)</script>"&<!--age-->'
    rows = [{**row, "name": evil, "short": evil} for row in stand.figures["countries"]]
    event = [{**entry, "enterprise": evil, "seq_no": evil} for entry in stand.figures["ticker"]]
    stand.publish(countries=rows, models=[{**row, "name": evil} for row in stand.figures["models"]], ticker=event)
    text = page(client)
    assert "<script" not in text and text.count("数据截至") == 1
    assert "alert(1)" in "".join(Well(text).texts)


def test_a_tree_can_not_bring_what_is_not_allowed() -> None:
    tree = [
        "div",
        {"onclick": "x()", "title": '"><b>', "style": {"--w": "3%", "backgroundColor": "red"}},
        ["script", "", "x"],
        "a<b",
    ]
    assert html_of(tree) == '<div title="&quot;&gt;&lt;b&gt;" style="--w:3%;background-color:red">a&lt;b</div>'
    assert (
        html_of(["p", "", ["span", "quiet wide", "x"], ["span", "base", "y"]], "wide")
        == '<p><span class="base">y</span></p>'
    )


@pytest.mark.parametrize("theme", ["dark", "light", "print"])
def test_the_theme_of_the_address_is_in_the_document(client: FlaskClient, theme: str) -> None:
    assert f'<html lang="zh-CN" data-theme="{theme}">' in page(client, f"/wall/plain?theme={theme}")
    assert f'url=/wall/plain?theme={theme}">' in client.get(f"/wall?theme={theme}").get_data(as_text=True)


def test_an_unknown_theme_is_dark(client: FlaskClient) -> None:
    assert 'data-theme="dark"' in page(client, '/wall/plain?theme="><script>')
    assert 'theme=dark"></noscript>' in client.get('/wall?theme="><script>').get_data(as_text=True)


def test_only_the_walls_document_leads_to_it(client: FlaskClient) -> None:
    found = {
        path: client.get(path).get_data(as_text=True) for path in ("/", "/wallpaper", "/behaviour", "/wall", "/wall/")
    }
    assert [path for path, text in found.items() if "/wall/plain" in text] == ["/wall", "/wall/"]
    scripts = re.findall(r'<script src="([^"]*)"', found["/wall"])
    assert scripts[0] == "/assets/head/floor.js" and "floor.js" not in found["/"]


def test_ages_are_told_as_on_the_wall() -> None:
    now = datetime(2026, 11, 24, 0, 0, 30, tzinfo=SHANGHAI)
    told = {s: html_of(age((now - timedelta(seconds=s)).isoformat(), now)) for s in (0, 60, 61, 300, 301, 90_000)}
    assert [re.search(r"fresh (\w+)", words)[1] for words in told.values()] == [
        "fresh",
        "fresh",
        "late",
        "late",
        "stale",
        "stale",
    ]  # type: ignore[index]
    assert "1 分钟前，正常" in told[60] and "5 分钟前，已陈旧" in told[301] and "11-22 23:00:30" in told[90_000]
    assert ago(59) == "59 秒前" and ago(7200) == "2 小时前" and "正在读取" in html_of(age("", now))
    assert html_of(clock(now)).endswith("2026年11月24日 星期二</span>00:00</span>")


def test_a_generation_found_unchanged_is_as_young_as_the_last_look(client: FlaskClient, stand: Stand) -> None:
    stand.publish(age=200)
    assert "3 分钟前，迟到" in page(client)
    stand.figures["as_of"] = datetime.now(SHANGHAI).isoformat(timespec="seconds")
    assert "秒前，正常" in page(client)


def test_a_fault_within_a_generation_shows_and_goes_again(client: FlaskClient, stand: Stand) -> None:
    stand.broken = {"code": "reconcile", "message": "出口额与事务库相差 0.01 元", "since": stand.figures["as_of"]}
    told = page(client)
    assert "账实不符" in told and "出口额与事务库相差 0.01 元" in told and 'class="wall plain unreconciled"' in told
    stand.broken = None
    assert "账实不符" not in page(client) and 'class="wall plain"' in page(client)


def test_nothing_published_yet_is_the_composition_with_dashes() -> None:
    class Nothing:
        def part(self, _: str) -> None:
            return None

        def current(self) -> None:
            return None

        def fault(self) -> None:
            return None

    told = document(Nothing(), "dark", datetime.now(SHANGHAI))
    texts = Well(told).texts
    assert "正在读取" in texts and "出口流向" in texts and "―" in texts and "账实相符" not in told


def test_empty_lists_break_nothing(client: FlaskClient, stand: Stand) -> None:
    stand.publish(**{name: [] for name in EMPTY})
    assert "暂无车辆离境" in page(client) and "暂无动态" in page(client)


def test_the_part_is_plain_json_and_small(stand: Stand) -> None:
    part = json.loads(stand.parts["plain"])
    assert set(part) == {"generation", "as_of", "body", "seal", "tag", "lane", "state"}
    assert len(stand.parts["plain"]) < 300_000


def test_it_costs_a_tick_less_than_a_tenth_of_a_second() -> None:
    figures = sample_figures()
    plain(blank_figures())  # the outlines are fitted once in the life of a worker
    began = time.process_time()
    for _ in range(5):
        plain(figures)
    assert (time.process_time() - began) / 5 < 0.1
