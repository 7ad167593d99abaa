"""The real corridors out of Xi'an as a tree of legs, and which leg ends in which country by which mode."""

from dataclasses import dataclass

from geo.ports import XIAN
from geo.projection import Point

RAIL, ROAD, SEA = "3", "4", "2"  # Customs transport codes: 铁路运输, 公路运输, 水路运输.


@dataclass(frozen=True)
class Leg:
    """A piece of a way that begins where `after` ends; `points` are (lon, lat), the last one is where it ends."""

    after: str
    points: tuple[Point, ...]


# Where trees begin: Xi'an, and the two sea areas in which the ways from several harbours meet.
STARTS: dict[str, Point] = {"xian": XIAN, "east": (122.6, 30.5), "south": (114.9, 20.4)}

LAND_LEGS: dict[str, Leg] = {
    # To the west by Urumqi.
    "urumqi": Leg("xian", ((103.8, 36.0), (95.0, 41.2), (87.6, 43.6))),
    "horgos": Leg("urumqi", ((84.0, 44.4), (80.4, 44.2))),
    "alashankou": Leg("urumqi", ((82.6, 45.2),)),
    "bakhty": Leg("urumqi", ((85.0, 45.5), (82.8, 46.7))),
    "jeminay": Leg("urumqi", ((86.3, 45.6), (85.7, 47.4))),
    "takeshiken": Leg("urumqi", ((90.0, 44.5), (90.9, 46.2))),
    "dulata": Leg("horgos", ((80.6, 43.7),)),
    "almaty": Leg("horgos", ((77.0, 43.3),)),
    "dostyk-almaty": Leg("alashankou", ((79.7, 46.6), (77.0, 43.3))),
    "bakhty-almaty": Leg("bakhty", ((80.4, 46.8), (77.0, 43.3))),
    "bishkek": Leg("horgos", ((77.0, 43.6), (74.6, 42.9))),
    "tashkent": Leg("horgos", ((77.0, 43.6), (73.0, 42.9), (69.3, 41.3))),
    "ashgabat": Leg("tashkent", ((66.9, 39.7), (63.6, 39.1), (58.4, 38.0))),
    "tehran": Leg("ashgabat", ((59.6, 36.4), (51.4, 35.7))),
    "termez": Leg("tashkent", ((66.9, 39.7), (67.3, 37.3))),
    "dushanbe": Leg("termez", ((68.8, 38.5),)),
    "kabul": Leg("termez", ((67.2, 36.7), (69.2, 34.5))),
    "baku": Leg("horgos", ((76.0, 44.2), (66.0, 45.0), (58.0, 44.2), (51.2, 43.6), (49.8, 40.6))),
    "tbilisi": Leg("baku", ((47.0, 41.0), (44.8, 41.7))),
    "yerevan": Leg("tbilisi", ((44.5, 40.2),)),
    "ankara": Leg("tbilisi", ((43.0, 40.6), (39.3, 39.8), (32.9, 39.9))),
    "moscow": Leg("alashankou", ((76.0, 48.6), (69.0, 52.5), (56.0, 55.0), (37.6, 55.75))),
    "minsk": Leg("moscow", ((32.0, 54.8), (27.6, 53.9))),
    "riga": Leg("moscow", ((30.5, 56.3), (24.1, 56.9))),
    "helsinki": Leg("moscow", ((30.3, 59.9), (24.9, 60.2))),
    "warsaw": Leg("minsk", ((23.7, 52.1), (21.0, 52.2))),
    "duisburg": Leg("warsaw", ((13.4, 52.5), (6.8, 51.4))),
    "budapest": Leg("warsaw", ((19.0, 47.5),)),
    "moscow-road": Leg("horgos", ((77.0, 43.6), (70.0, 42.6), (65.5, 44.8), (57.2, 50.3), (50.1, 53.2), (37.6, 55.75))),
    "minsk-road": Leg("moscow-road", ((32.0, 54.8), (27.6, 53.9))),
    # To the west by Kashgar.
    "kashgar": Leg("xian", ((101.8, 35.2), (95.0, 36.6), (88.2, 38.0), (80.0, 37.2), (76.0, 39.4))),
    "torugart": Leg("kashgar", ((75.4, 40.5),)),
    "naryn": Leg("torugart", ((75.9, 41.4), (74.6, 42.9))),
    "irkeshtam": Leg("kashgar", ((73.9, 39.7),)),
    "osh": Leg("irkeshtam", ((72.8, 40.5),)),
    "fergana": Leg("osh", ((71.2, 40.6), (69.3, 41.3))),
    "karasu": Leg("kashgar", ((75.0, 38.8), (74.9, 38.3))),
    "pamir": Leg("karasu", ((73.9, 38.2), (71.5, 37.6), (68.8, 38.5))),
    "khunjerab": Leg("kashgar", ((75.3, 38.0), (75.4, 36.9))),
    "islamabad": Leg("khunjerab", ((74.4, 35.9), (73.1, 33.7))),
    # To the north and the north-east.
    "erenhot": Leg("xian", ((110.8, 39.5), (111.9, 43.6))),
    "ulaanbaatar": Leg("erenhot", ((106.9, 47.9),)),
    "baikal": Leg("ulaanbaatar", ((107.6, 51.8), (104.3, 52.3))),
    "manzhouli": Leg("xian", ((112.5, 37.9), (117.2, 41.0), (122.2, 45.6), (117.4, 49.6))),
    "siberia": Leg("manzhouli", ((107.6, 51.8), (92.9, 56.0), (82.9, 55.0), (60.6, 56.8), (37.6, 55.75))),
    "suifenhe": Leg("xian", ((114.5, 38.0), (120.0, 41.0), (126.6, 45.7), (131.1, 44.4))),
    "primorye": Leg("suifenhe", ((131.9, 43.2),)),
    "heihe": Leg("xian", ((114.5, 38.0), (120.0, 41.0), (126.6, 45.7), (127.5, 50.2))),
    # To the south.
    "kunming": Leg("xian", ((104.1, 30.7), (102.7, 25.0))),
    "mohan": Leg("kunming", ((101.7, 21.2),)),
    "vientiane": Leg("mohan", ((102.6, 18.0),)),
    "bangkok": Leg("vientiane", ((102.1, 15.0), (100.5, 13.8))),
    "ruili": Leg("kunming", ((97.9, 24.0),)),
    "mandalay": Leg("ruili", ((96.1, 22.0), (96.2, 16.9))),
    "hekou": Leg("kunming", ((103.9, 22.5),)),
    "pingxiang": Leg("xian", ((108.5, 29.5), (108.3, 22.8), (106.7, 22.0))),
    "hanoi": Leg("pingxiang", ((105.9, 21.0),)),
    "jilong": Leg("xian", ((101.8, 36.6), (94.9, 36.4), (91.1, 29.7), (85.4, 28.4))),
    "kathmandu": Leg("jilong", ((85.3, 27.7),)),
}

# From Xi'an to each harbour, and from the harbour to the sea area it opens to.
HARBOUR_LEGS: dict[str, Leg] = {
    "tianjin": Leg("xian", ((113.5, 37.4), (117.8, 38.9))),
    "tianjin-sea": Leg("tianjin", ((120.6, 38.4), (122.9, 37.2), (123.2, 33.6), (122.6, 30.5))),
    "yangshan": Leg("xian", ((115.0, 32.6), (119.0, 31.6), (122.1, 30.6))),
    "yangshan-sea": Leg("yangshan", ((122.6, 30.5),)),
    "waigaoqiao": Leg("xian", ((115.0, 32.6), (119.0, 31.8), (121.6, 31.4))),
    "waigaoqiao-sea": Leg("waigaoqiao", ((122.4, 31.3), (122.6, 30.5))),
    "qingdao": Leg("xian", ((113.6, 34.9), (117.0, 36.5), (120.3, 36.0))),
    "qingdao-sea": Leg("qingdao", ((122.6, 34.6), (122.6, 30.5))),
    "lianyungang": Leg("xian", ((113.6, 34.8), (119.5, 34.8))),
    "lianyungang-sea": Leg("lianyungang", ((122.0, 33.8), (122.6, 30.5))),
    "ningbo": Leg("xian", ((115.0, 32.6), (119.0, 31.2), (121.9, 29.9))),
    "ningbo-sea": Leg("ningbo", ((122.6, 30.5),)),
    "guangzhou": Leg("xian", ((111.4, 29.5), (113.2, 25.6), (113.6, 22.8))),
    "guangzhou-sea": Leg("guangzhou", ((114.2, 21.6), (114.9, 20.4))),
    "shenzhen": Leg("xian", ((111.4, 29.5), (113.2, 25.6), (114.2, 22.5))),
    "shenzhen-sea": Leg("shenzhen", ((114.9, 20.4),)),
    "qinzhou": Leg("xian", ((108.5, 29.5), (108.6, 21.7))),
    "qinzhou-sea": Leg("qinzhou", ((108.3, 18.6), (110.5, 16.8), (114.9, 20.4))),
    "east-south": Leg("east", ((121.6, 27.0), (119.2, 23.8), (114.9, 20.4))),
    "south-east": Leg("south", ((119.2, 23.8), (121.6, 27.0), (122.6, 30.5))),
}
