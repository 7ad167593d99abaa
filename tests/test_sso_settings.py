"""What must be set before people can sign in with other systems, and the stand-ins as a program of their own."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from backend.demo.world import World
from backend.enterprises.uscc import check_character
from backend.exchange.standins import QinWuYuanServer, StandIn
from backend.exchange.standins.serving import FAULTS
from backend.identity.sso import providers_of
from dashboard.demo import SEED
from tests.sso_servers import CALLBACK, FLOWS, PATIENCE, PEOPLE, STATE, Speaker, origin, provider, settings_for

ROOT = Path(__file__).resolve().parent.parent


def test_the_people_of_the_stand_ins_are_known_to_the_demo_and_belong_to_nobody() -> None:
    firms = {firm.uscc: firm.name for firm in World(SEED).firms}
    units = [person for person in PEOPLE.values() if person.uscc]
    assert len({person.uscc for person in units}) == 2
    for person in PEOPLE.values():
        assert person.name.startswith("演示")
        assert person.id_no.startswith("000000")
    for person in units:
        assert firms[person.uscc] == person.organisation
        assert person.uscc[17] == check_character(person.uscc)
    assert any(person.level for person in PEOPLE.values() if not person.uscc)


def test_the_switch_knows_its_faults() -> None:
    with StandIn(QinWuYuanServer, redirect_uris=[CALLBACK]) as standin:
        for wrong in ({"kind": "fire"}, {}, ["garbage"]):
            answer = requests.post(f"{standin.origin}/standin/fault", json=wrong, timeout=5)
            assert answer.status_code == 400
            assert answer.json()["kinds"] == list(FAULTS)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fields": "nmae=userName"}, "nmae 不是本平台的字段"),
        ({"fields": "name"}, "写法不对"),
        ({"fields": "name="}, "写法不对"),
        ({"fields": "name=a|"}, "写法不对"),
        ({"fields": "name=a,name=b"}, "写法不对"),
        ({"url": "http://sfrz.example.cn/sysauthserver"}, "https://"),
        ({"url": "http://127.0.0.1.example.cn/cas"}, "https://"),
        ({"url": "ftp://127.0.0.1/"}, "不是网址"),
        ({"url": "sfrz.example.cn"}, "不是网址"),
        ({"url": "https://sfrz.example.cn:port/"}, "不是网址"),
        ({"url": "https://user:word@sfrz.example.cn/"}, "不能带账号"),
        ({"url": "https://sfrz.example.cn/?x=1"}, "不能带账号"),
    ],
)
@pytest.mark.parametrize("name", FLOWS)
def test_settings_that_cannot_work_stop_the_start(name: str, more: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        provider(name, "https://sfrz.example.cn/sysauthserver", **more)
    assert "PANORAMA_SSO_" in str(caught.value)


def test_a_missing_client_or_a_foreign_protocol_stops_the_start() -> None:
    for name, prefix in (("qinwuyuan", "QINWUYUAN"), ("oauth2", "SINGLE_WINDOW")):
        for missing in ("client", "secret"):
            with pytest.raises(ValueError, match=f"PANORAMA_SSO_{prefix}_{missing.upper()}"):
                provider(name, "https://sfrz.example.cn", **{missing: ""})
    assert provider("cas3", "https://app.example.cn/cas", client="", secret="").key == "single_window"
    with pytest.raises(ValueError, match="只能是 cas3 或 oauth2"):
        providers_of(settings_for("saml", "https://app.example.cn/cas"))


def test_without_addresses_there_is_no_single_sign_on() -> None:
    assert providers_of(SimpleNamespace()) == {}
    both = SimpleNamespace(**vars(settings_for("qinwuyuan", "https://a.example.cn/s/")), sso_single_window_url="")
    found = providers_of(both)
    assert list(found) == ["qinwuyuan"]
    assert found["qinwuyuan"].label == "秦务员"
    assert found["qinwuyuan"].timeout == 5  # type: ignore[attr-defined]
    assert found["qinwuyuan"].begin(CALLBACK, "s 1").startswith("https://a.example.cn/s/authorize?")


def test_the_command_runs_both_stand_ins_and_prints_the_settings() -> None:
    command = [sys.executable, "-m", "backend.exchange.standins", "--port-qinwuyuan", "0", "--port-single-window", "0"]
    with subprocess.Popen(
        [*command, "--redirect-uri", CALLBACK], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            printed = dict(
                line.strip().split("=", 1) for line in (running.stdout.readline() for _ in range(8)) if line[0] != "#"
            )
            settings = SimpleNamespace(
                **{name.removeprefix("PANORAMA_").lower(): text for name, text in printed.items()}
            )
            found = providers_of(settings, PATIENCE)
            assert list(found) == ["qinwuyuan", "single_window"]
            for made in found.values():
                page = requests.get(made.begin(CALLBACK, STATE), timeout=5)
                assert (page.status_code, "演示替身" in page.text) == (200, True)
                styles = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
                assert [requests.get(origin(page.url) + style, timeout=5).status_code for style in styles] == [200, 200]
        finally:
            running.terminate()


def test_the_command_says_that_a_port_is_taken() -> None:
    with Speaker({}) as other:
        port = other.url.rpartition(":")[2]
        command = [sys.executable, "-m", "backend.exchange.standins", "--port-qinwuyuan", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 69
    assert f"端口 {port} 已被别的程序占用" in done.stderr
