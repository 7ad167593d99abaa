"""The frame of the screens: callbacks have their components, ticks tell what is new, bytes pass through unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest
from dash import no_update
from dash.development.base_component import Component
from flask.testing import FlaskClient

from callbacks.clock import news, pulse
from dashboard import shell
from dashboard.pages_registry import PagePathTaken, Visitor, register_pages
from tests.browser.wall_stand import Stand, build


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def client(stand: Stand) -> FlaskClient:
    return build(stand).test_client()


def layouts() -> Iterator[Any]:
    found = register_pages(shell.PAGES)
    declared = tuple(entry.page for entry in found.values())
    everything = frozenset(entry.page.permission for entry in found.values()) | {"view:overview"}
    yield shell.root()
    for rights in (everything, frozenset({"view:own"})):
        for entry in found.values():
            yield from shell.framed(entry, declared, Visitor(name="张三", permissions=rights))


def component_ids() -> set[str]:
    named = set()
    for layout in layouts():
        named |= {layout.id} if getattr(layout, "id", None) else set()
        named |= {part.id for part in layout._traverse() if isinstance(part, Component) and getattr(part, "id", None)}
    return named


def ask(client: FlaskClient, output: str, outputs: Any, inputs: list[Any], state: list[Any]) -> Any:
    body = {"output": output, "outputs": outputs, "inputs": inputs, "state": state, "changedPropIds": []}
    return client.post("/_dash-update-component", json=body)


def tick(client: FlaskClient, known: str | None) -> Any:
    outputs = [{"id": "generation", "property": "data"}, {"id": "pulse", "property": "data"}]
    inputs = [{"id": "tick", "property": "n_intervals", "value": 1}]
    state = [{"id": "generation", "property": "data", "value": known}]
    return ask(client, "..generation.data...pulse.data..", outputs, inputs, state).get_json()["response"]


def test_every_component_of_every_callback_is_in_a_layout(client: FlaskClient) -> None:
    dependencies = client.get("/_dash-dependencies").get_json()
    named = {part["id"] for callback in dependencies for part in (*callback["inputs"], *callback["state"])}
    named |= {one.split(".")[0] for callback in dependencies for one in callback["output"].strip(".").split("...")}
    assert len(dependencies) >= 8 and named - component_ids() == set()


def test_a_component_id_stands_once_in_a_page() -> None:
    for layout in layouts():
        ids = [part.id for part in layout._traverse() if isinstance(part, Component) and getattr(part, "id", None)]
        assert len(ids) == len(set(ids))


def test_a_tick_names_the_generation_only_to_who_does_not_know_it(client: FlaskClient) -> None:
    assert tick(client, None)["generation"] == {"data": "g1"}
    again = tick(client, "g1")
    assert "generation" not in again and again["pulse"]["data"]["generation"] == "g1"


def test_before_the_first_generation_a_tick_still_tells_the_time() -> None:
    assert news(None, None) is no_update
    assert set(pulse(None, None, "b")) == {"now", "build"}


def test_the_bytes_of_a_part_go_through_dash_unchanged(client: FlaskClient, stand: Stand) -> None:
    outputs = {"id": "wall-payload", "property": "data"}
    answer = ask(client, "wall-payload.data", outputs, [{"id": "wall-ask", "property": "data", "value": "g1"}], [])
    assert stand.parts["wall"] in answer.data


def test_an_unknown_address_says_so(client: FlaskClient) -> None:
    outputs = {"id": "content", "property": "children"}
    answer = ask(
        client, "content.children", outputs, [{"id": "place", "property": "pathname", "value": "/nowhere"}], []
    )
    assert "没有这个页面" in answer.get_data(as_text=True)


def test_the_document_links_nothing_of_other_hosts(client: FlaskClient) -> None:
    document = client.get("/").get_data(as_text=True)
    assert 'lang="zh-CN"' in document and "http://" not in document and "https://" not in document
    assert document.index("00-tokens.css") < document.index("10-base.css") < document.index("30-wall.css")


def test_two_pages_can_not_share_an_address() -> None:
    with pytest.raises(PagePathTaken):
        register_pages([*shell.PAGES, shell.PAGES[0]])
