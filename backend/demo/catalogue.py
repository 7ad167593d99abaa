"""The models that the demo exporters sell: weights, engines and usual used prices, rounded from common knowledge."""

from dataclasses import dataclass

# HS 2020 tariff, whole vehicles. Petrol and hybrid lines go by displacement and body, the plug-in lines do not.
# (largest displacement in ml, 小轿车, 四轮驱动越野车, 小客车)
PETROL = (
    (1000, "8703213010", "8703214010", "8703215010"), (1500, "8703223010", "8703224010", "8703225010"),
    (2000, "8703234110", "8703234210", "8703234310"), (2500, "8703235110", "8703235210", "8703235310"),
    (3000, "8703236110", "8703236210", "8703236310"), (4000, "8703241110", "8703241210", "8703241310"),
)  # fmt: skip
DIESEL = ((2000, "8703321110", "8703321210", "8703321310"), (2500, "8703322110", "8703322210", "8703322310"))
HYBRID = ((1500, "8703402110", "8703402210", "8703402310"), (2000, "8703403110", "8703403210", "8703403310"),
          (2500, "8703404110", "8703404210", "8703404310"))  # fmt: skip
BANDS = {"petrol": PETROL, "diesel": DIESEL, "HEV": HYBRID}
BODIES = {"saloon": (1, "小轿车"), "4wd": (2, "越野车"), "van": (3, "小客车")}
PLUG_IN = {"BEV": "8703800010", "PHEV": "8703600000"}  # 8703800010 is the tariff's only line that says 旧的


@dataclass(frozen=True)
class CarModel:
    """One model: kerb weight in kg, displacement in ml (0 for battery cars), power in kW, usual price in USD."""

    brand: str
    english: str
    series: str
    fuel: str  # BEV, PHEV, HEV, petrol, diesel
    body: str  # saloon, 4wd, van
    kg: int
    cc: int
    kw: int
    usd: int
    maker: str  # WMI, the first three characters of the VIN
    appeal: int  # relative share of sales

    @property
    def hs(self) -> str:
        """The ten-digit commodity code of the whole used vehicle; StopIteration means the table lacks a band."""
        if self.fuel in PLUG_IN:
            return PLUG_IN[self.fuel]
        column = BODIES[self.body][0]
        return next(str(band[column]) for band in BANDS[self.fuel] if self.cc <= int(band[0]))

    @property
    def trade_name(self) -> str:
        """The 商品名称 of a declaration, which says that the vehicle is used."""
        return f"旧{'纯电动' if self.fuel == 'BEV' else ''}{BODIES[self.body][1]}"

    @property
    def elements(self) -> str:
        """The 申报要素 of heading 8703, joined by bars; battery cars state power in place of displacement."""
        engine = {"BEV": "驱动电动机", "diesel": "压燃式"}.get(self.fuel, "点燃式")
        size = f"{self.kw}千瓦" if self.fuel == "BEV" else f"{self.cc}毫升"
        return f"1|3|{engine}|否|{7 if self.body == 'van' else 5}|{self.brand}|无|{size}|{self.series}|是|无|||"


TABLE = """
比亚迪|BYD|元PLUS EV|BEV|saloon|1625|0|150|14200|LGX|34
比亚迪|BYD|海豚|BEV|saloon|1405|0|70|10600|LC0|22
比亚迪|BYD|海鸥|BEV|saloon|1160|0|55|7900|LC0|20
比亚迪|BYD|秦PLUS EV|BEV|saloon|1650|0|100|12900|LGX|18
比亚迪|BYD|汉EV|BEV|saloon|2170|0|168|22800|LGX|9
比亚迪|BYD|宋L EV|BEV|4wd|2265|0|230|23600|LGX|10
特斯拉|Tesla|Model Y|BEV|saloon|1911|0|194|28900|LRW|14
特斯拉|Tesla|Model 3|BEV|saloon|1761|0|194|25200|LRW|9
极氪|Zeekr|001|BEV|saloon|2345|0|310|31800|L6T|22
极氪|Zeekr|X|BEV|saloon|1945|0|200|22500|L6T|9
极氪|Zeekr|009|BEV|van|2830|0|400|56000|L6T|3
埃安|Aion|AION Y|BEV|saloon|1635|0|100|12400|LMG|8
埃安|Aion|AION S|BEV|saloon|1660|0|100|12900|LMG|6
大众|Volkswagen|ID.4 CROZZ|BEV|saloon|2120|0|150|17200|LFV|17
大众|Volkswagen|ID.6 CROZZ|BEV|saloon|2290|0|150|22400|LFV|13
丰田|Toyota|bZ4X|BEV|saloon|1910|0|150|18600|LVG|4
小鹏|Xpeng|G9|BEV|4wd|2230|0|230|29600|L1N|5
蔚来|NIO|ES6|BEV|4wd|2316|0|360|35500|LJ1|3
零跑|Leapmotor|C11|BEV|saloon|2045|0|200|17800|LFZ|6
五菱|Wuling|缤果|BEV|saloon|1145|0|50|7200|LZW|8
长安|Changan|Lumin|BEV|saloon|795|0|30|5300|LS5|5
理想|Li Auto|L7|PHEV|4wd|2450|1496|330|40500|LW4|17
理想|Li Auto|L9|PHEV|4wd|2520|1496|330|52800|LW4|11
理想|Li Auto|L6|PHEV|4wd|2345|1496|300|35800|LW4|8
问界|AITO|M7|PHEV|4wd|2435|1499|330|36900|LM8|6
深蓝|Deepal|S7|PHEV|saloon|1950|1480|175|19500|LS5|8
比亚迪|BYD|宋PLUS DM-i|PHEV|saloon|1790|1498|145|17600|LGX|30
比亚迪|BYD|秦PLUS DM-i|PHEV|saloon|1500|1498|132|12300|LGX|16
比亚迪|BYD|唐DM-i|PHEV|saloon|2050|1497|145|24600|LGX|11
领克|Lynk & Co|08 EM-P|PHEV|saloon|2030|1499|280|25400|L6T|9
坦克|Tank|500 Hi4-T|PHEV|4wd|2810|1998|300|45600|LGW|5
岚图|Voyah|FREE|PHEV|4wd|2270|1499|360|33400|LDP|4
丰田|Toyota|凯美瑞双擎|HEV|saloon|1640|2487|160|23800|LVG|7
丰田|Toyota|RAV4荣放双擎|HEV|4wd|1750|2487|163|25600|LFM|7
本田|Honda|CR-V 锐混动|HEV|4wd|1730|1993|135|23200|LVH|5
吉利|Geely|星越L 雷神|HEV|saloon|1790|1477|180|20400|L6T|6
丰田|Toyota|凯美瑞|petrol|saloon|1570|1987|131|20600|LVG|14
丰田|Toyota|卡罗拉|petrol|saloon|1320|1490|89|12600|LFM|12
丰田|Toyota|RAV4荣放|petrol|4wd|1630|1987|126|21900|LFM|11
丰田|Toyota|汉兰达|petrol|4wd|1945|1987|182|33800|LVG|7
大众|Volkswagen|帕萨特|petrol|saloon|1540|1984|137|19200|LSV|6
大众|Volkswagen|途观L|petrol|4wd|1710|1984|162|23500|LSV|8
大众|Volkswagen|朗逸|petrol|saloon|1285|1498|83|10800|LSV|7
本田|Honda|雅阁|petrol|saloon|1490|1498|141|18400|LHG|6
本田|Honda|CR-V|petrol|4wd|1640|1498|142|21300|LVH|7
日产|Nissan|轩逸|petrol|saloon|1270|1598|99|11200|LGB|6
吉利|Geely|星瑞|petrol|saloon|1545|1969|160|14800|L6T|10
吉利|Geely|缤越|petrol|saloon|1350|1499|133|11900|L6T|9
长安|Changan|CS75 PLUS|petrol|saloon|1575|1494|138|14400|LS5|14
长安|Changan|UNI-V|petrol|saloon|1405|1494|138|13500|LS5|9
长安|Changan|CS35 PLUS|petrol|saloon|1320|1398|118|9800|LS5|7
奇瑞|Chery|瑞虎8|petrol|saloon|1560|1598|145|15300|LVV|13
奇瑞|Chery|瑞虎7|petrol|saloon|1490|1498|115|12800|LVV|10
奇瑞|Chery|艾瑞泽8|petrol|saloon|1500|1598|145|13900|LVV|7
哈弗|Haval|H6|petrol|saloon|1555|1499|135|14600|LGW|10
哈弗|Haval|大狗|petrol|4wd|1690|1998|175|18900|LGW|8
坦克|Tank|300|petrol|4wd|2110|1967|167|27600|LGW|10
红旗|Hongqi|HS5|petrol|4wd|1785|1989|185|21700|LFP|5
传祺|Trumpchi|M8|petrol|van|1930|1991|185|26800|LMG|3
别克|Buick|GL8|petrol|van|1980|1998|174|28900|LSG|3
宝马|BMW|5系|petrol|saloon|1730|1998|135|38600|LBV|3
宝马|BMW|X5|petrol|4wd|2190|2998|250|62500|LBV|2
奔驰|Mercedes-Benz|E级|petrol|saloon|1800|1999|150|41500|LE4|2
哈弗|Haval|H9 柴油|diesel|4wd|2430|2370|137|27200|LGW|4
上汽大通|Maxus|D90 柴油|diesel|4wd|2380|1996|160|25300|LSK|3
"""


def read(line: str) -> CarModel:
    """Return the model of one line of the table."""
    brand, english, series, fuel, body, kg, cc, kw, usd, maker, appeal = line.split("|")
    return CarModel(brand, english, series, fuel, body, int(kg), int(cc), int(kw), int(usd), maker, int(appeal))


CARS = tuple(read(line) for line in TABLE.strip().splitlines())
