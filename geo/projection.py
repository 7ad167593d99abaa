"""The two map planes: the equal-area world plane of the wall and the local plane of Xi'an, both in kilometres."""

import math

Point = tuple[float, float]

EARTH_KM = 6371.0
# Central Asia lies at the centre and upright; a new centre is a new picture to submit for approval.
CENTRE = (78.0, 36.0)
XIAN_ORIGIN = (108.94, 34.2)
XIAN_SCALE = (92.0, 111.0)  # Kilometres in a degree of longitude and of latitude at Xi'an.

_LON0, _LAT0 = math.radians(CENTRE[0]), math.radians(CENTRE[1])
_SIN0, _COS0 = math.sin(_LAT0), math.cos(_LAT0)


def project(lon: float, lat: float) -> Point:
    """Lambert azimuthal equal-area: degrees in, (x, y) in km out, y to the north.

    Equal area because tints carry value. Every point but the antipode of the centre (open Pacific) has an image; there
    the result is held at the rim of the disc instead of growing without bound.
    """
    a, p = math.radians(lon) - _LON0, math.radians(lat)
    sin_p, cos_p, cos_a = math.sin(p), math.cos(p), math.cos(a)
    k = EARTH_KM * math.sqrt(2 / max(1e-6, 1 + _SIN0 * sin_p + _COS0 * cos_p * cos_a))
    return k * cos_p * math.sin(a), k * (_COS0 * sin_p - _SIN0 * cos_p * cos_a)


def unproject(x: float, y: float) -> Point:
    """The inverse of `project`: km in, (lon, lat) in degrees out, longitude within -180…180."""
    rho = math.hypot(x, y)
    if rho == 0:
        return CENTRE
    c = 2 * math.asin(min(1.0, rho / (2 * EARTH_KM)))
    lat = math.asin(math.cos(c) * _SIN0 + y * math.sin(c) * _COS0 / rho)
    lon = _LON0 + math.atan2(x * math.sin(c), rho * _COS0 * math.cos(c) - y * _SIN0 * math.sin(c))
    return (math.degrees(lon) + 180) % 360 - 180, math.degrees(lat)


def project_xian(lon: float, lat: float) -> Point:
    """The local plane of the district maps: degrees in, km east and north of the city's origin out."""
    return (lon - XIAN_ORIGIN[0]) * XIAN_SCALE[0], (lat - XIAN_ORIGIN[1]) * XIAN_SCALE[1]
