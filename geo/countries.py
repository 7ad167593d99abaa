"""Every country and region of ISO 3166 once: codes, region, Chinese short name as in the Foreign Ministry's usage."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """One line of the table; `short` is what the wall writes where the full name has no room."""

    alpha3: str
    alpha2: str
    region: str
    name: str
    english: str
    short: str


# Official short forms; only where a wall label needs one. Elsewhere the name itself is short enough.
SHORT = {"KAZ": "哈", "KGZ": "吉", "UZB": "乌", "TJK": "塔", "TKM": "土", "MNG": "蒙古", "SAU": "沙特"}

# Alpha-3 codes of the customs table that are no ISO countries: parts of a country, rests of a continent, unknown.
CUSTOMS_AREAS = {
    "CAI": "加那利群岛",
    "CEU": "休达",
    "GAM": "盖比群岛",
    "MAI": "马克萨斯群岛",
    "MEL": "梅利利亚",
    "SOC": "社会群岛",
    "TUA": "土阿莫土群岛",
    "TUB": "土布艾群岛",
    "ZAO": "非洲其他国家（地区）",
    "ZAS": "亚洲其他国家（地区）",
    "ZEU": "欧洲其他国家（地区）",
    "ZNA": "北美洲其他国家（地区）",
    "ZOC": "大洋洲其他国家（地区）",
    "ZSA": "拉丁美洲其他国家（地区）",
    "ZUN": "联合国及国际组织",
    "ZZZ": "国别（地区）不详",
}

# alpha-3, alpha-2, region (UN M49; the Americas split as 北美 and 拉美), Chinese short name, English short name.
_TABLE = """
ABW AW 拉美 阿鲁巴 Aruba
AFG AF 亚洲 阿富汗 Afghanistan
AGO AO 非洲 安哥拉 Angola
AIA AI 拉美 安圭拉 Anguilla
ALA AX 欧洲 奥兰群岛 Åland Islands
ALB AL 欧洲 阿尔巴尼亚 Albania
AND AD 欧洲 安道尔 Andorra
ARE AE 亚洲 阿联酋 United Arab Emirates
ARG AR 拉美 阿根廷 Argentina
ARM AM 亚洲 亚美尼亚 Armenia
ASM AS 大洋洲 美属萨摩亚 American Samoa
ATA AQ 南极洲 南极洲 Antarctica
ATF TF 非洲 法属南部领地 French Southern Territories
ATG AG 拉美 安提瓜和巴布达 Antigua and Barbuda
AUS AU 大洋洲 澳大利亚 Australia
AUT AT 欧洲 奥地利 Austria
AZE AZ 亚洲 阿塞拜疆 Azerbaijan
BDI BI 非洲 布隆迪 Burundi
BEL BE 欧洲 比利时 Belgium
BEN BJ 非洲 贝宁 Benin
BES BQ 拉美 荷属加勒比区 Caribbean Netherlands
BFA BF 非洲 布基纳法索 Burkina Faso
BGD BD 亚洲 孟加拉国 Bangladesh
BGR BG 欧洲 保加利亚 Bulgaria
BHR BH 亚洲 巴林 Bahrain
BHS BS 拉美 巴哈马 Bahamas
BIH BA 欧洲 波黑 Bosnia and Herzegovina
BLM BL 拉美 圣巴泰勒米 Saint Barthélemy
BLR BY 欧洲 白俄罗斯 Belarus
BLZ BZ 拉美 伯利兹 Belize
BMU BM 北美 百慕大 Bermuda
BOL BO 拉美 玻利维亚 Bolivia
BRA BR 拉美 巴西 Brazil
BRB BB 拉美 巴巴多斯 Barbados
BRN BN 亚洲 文莱 Brunei
BTN BT 亚洲 不丹 Bhutan
BVT BV 拉美 布韦岛 Bouvet Island
BWA BW 非洲 博茨瓦纳 Botswana
CAF CF 非洲 中非 Central African Republic
CAN CA 北美 加拿大 Canada
CCK CC 大洋洲 科科斯（基林）群岛 Cocos (Keeling) Islands
CHE CH 欧洲 瑞士 Switzerland
CHL CL 拉美 智利 Chile
CHN CN 亚洲 中国 China
CIV CI 非洲 科特迪瓦 Cote d'Ivoire
CMR CM 非洲 喀麦隆 Cameroon
COD CD 非洲 刚果（金） Congo (Kinshasa)
COG CG 非洲 刚果（布） Congo (Brazzaville)
COK CK 大洋洲 库克群岛 Cook Islands
COL CO 拉美 哥伦比亚 Colombia
COM KM 非洲 科摩罗 Comoros
CPV CV 非洲 佛得角 Cabo Verde
CRI CR 拉美 哥斯达黎加 Costa Rica
CUB CU 拉美 古巴 Cuba
CUW CW 拉美 库拉索 Curaçao
CXR CX 大洋洲 圣诞岛 Christmas Island
CYM KY 拉美 开曼群岛 Cayman Islands
CYP CY 亚洲 塞浦路斯 Cyprus
CZE CZ 欧洲 捷克 Czechia
DEU DE 欧洲 德国 Germany
DJI DJ 非洲 吉布提 Djibouti
DMA DM 拉美 多米尼克 Dominica
DNK DK 欧洲 丹麦 Denmark
DOM DO 拉美 多米尼加 Dominican Republic
DZA DZ 非洲 阿尔及利亚 Algeria
ECU EC 拉美 厄瓜多尔 Ecuador
EGY EG 非洲 埃及 Egypt
ERI ER 非洲 厄立特里亚 Eritrea
ESH EH 非洲 西撒哈拉 Western Sahara
ESP ES 欧洲 西班牙 Spain
EST EE 欧洲 爱沙尼亚 Estonia
ETH ET 非洲 埃塞俄比亚 Ethiopia
FIN FI 欧洲 芬兰 Finland
FJI FJ 大洋洲 斐济 Fiji
FLK FK 拉美 马尔维纳斯群岛（福克兰群岛） Malvinas Islands (Falkland Islands)
FRA FR 欧洲 法国 France
FRO FO 欧洲 法罗群岛 Faroe Islands
FSM FM 大洋洲 密克罗尼西亚联邦 Micronesia
GAB GA 非洲 加蓬 Gabon
GBR GB 欧洲 英国 United Kingdom
GEO GE 亚洲 格鲁吉亚 Georgia
GGY GG 欧洲 根西岛 Guernsey
GHA GH 非洲 加纳 Ghana
GIB GI 欧洲 直布罗陀 Gibraltar
GIN GN 非洲 几内亚 Guinea
GLP GP 拉美 瓜德罗普 Guadeloupe
GMB GM 非洲 冈比亚 Gambia
GNB GW 非洲 几内亚比绍 Guinea-Bissau
GNQ GQ 非洲 赤道几内亚 Equatorial Guinea
GRC GR 欧洲 希腊 Greece
GRD GD 拉美 格林纳达 Grenada
GRL GL 北美 格陵兰 Greenland
GTM GT 拉美 危地马拉 Guatemala
GUF GF 拉美 法属圭亚那 French Guiana
GUM GU 大洋洲 关岛 Guam
GUY GY 拉美 圭亚那 Guyana
HKG HK 亚洲 中国香港 Hong Kong, China
HMD HM 大洋洲 赫德岛和麦克唐纳群岛 Heard and McDonald Islands
HND HN 拉美 洪都拉斯 Honduras
HRV HR 欧洲 克罗地亚 Croatia
HTI HT 拉美 海地 Haiti
HUN HU 欧洲 匈牙利 Hungary
IDN ID 亚洲 印度尼西亚 Indonesia
IMN IM 欧洲 马恩岛 Isle of Man
IND IN 亚洲 印度 India
IOT IO 非洲 英属印度洋领地 British Indian Ocean Territory
IRL IE 欧洲 爱尔兰 Ireland
IRN IR 亚洲 伊朗 Iran
IRQ IQ 亚洲 伊拉克 Iraq
ISL IS 欧洲 冰岛 Iceland
ISR IL 亚洲 以色列 Israel
ITA IT 欧洲 意大利 Italy
JAM JM 拉美 牙买加 Jamaica
JEY JE 欧洲 泽西岛 Jersey
JOR JO 亚洲 约旦 Jordan
JPN JP 亚洲 日本 Japan
KAZ KZ 亚洲 哈萨克斯坦 Kazakhstan
KEN KE 非洲 肯尼亚 Kenya
KGZ KG 亚洲 吉尔吉斯斯坦 Kyrgyzstan
KHM KH 亚洲 柬埔寨 Cambodia
KIR KI 大洋洲 基里巴斯 Kiribati
KNA KN 拉美 圣基茨和尼维斯 Saint Kitts and Nevis
KOR KR 亚洲 韩国 Republic of Korea
KWT KW 亚洲 科威特 Kuwait
LAO LA 亚洲 老挝 Laos
LBN LB 亚洲 黎巴嫩 Lebanon
LBR LR 非洲 利比里亚 Liberia
LBY LY 非洲 利比亚 Libya
LCA LC 拉美 圣卢西亚 Saint Lucia
LIE LI 欧洲 列支敦士登 Liechtenstein
LKA LK 亚洲 斯里兰卡 Sri Lanka
LSO LS 非洲 莱索托 Lesotho
LTU LT 欧洲 立陶宛 Lithuania
LUX LU 欧洲 卢森堡 Luxembourg
LVA LV 欧洲 拉脱维亚 Latvia
MAC MO 亚洲 中国澳门 Macao, China
MAF MF 拉美 法属圣马丁 Saint Martin (French part)
MAR MA 非洲 摩洛哥 Morocco
MCO MC 欧洲 摩纳哥 Monaco
MDA MD 欧洲 摩尔多瓦 Moldova
MDG MG 非洲 马达加斯加 Madagascar
MDV MV 亚洲 马尔代夫 Maldives
MEX MX 拉美 墨西哥 Mexico
MHL MH 大洋洲 马绍尔群岛 Marshall Islands
MKD MK 欧洲 北马其顿 North Macedonia
MLI ML 非洲 马里 Mali
MLT MT 欧洲 马耳他 Malta
MMR MM 亚洲 缅甸 Myanmar
MNE ME 欧洲 黑山 Montenegro
MNG MN 亚洲 蒙古国 Mongolia
MNP MP 大洋洲 北马里亚纳群岛 Northern Mariana Islands
MOZ MZ 非洲 莫桑比克 Mozambique
MRT MR 非洲 毛里塔尼亚 Mauritania
MSR MS 拉美 蒙特塞拉特 Montserrat
MTQ MQ 拉美 马提尼克 Martinique
MUS MU 非洲 毛里求斯 Mauritius
MWI MW 非洲 马拉维 Malawi
MYS MY 亚洲 马来西亚 Malaysia
MYT YT 非洲 马约特 Mayotte
NAM NA 非洲 纳米比亚 Namibia
NCL NC 大洋洲 新喀里多尼亚 New Caledonia
NER NE 非洲 尼日尔 Niger
NFK NF 大洋洲 诺福克岛 Norfolk Island
NGA NG 非洲 尼日利亚 Nigeria
NIC NI 拉美 尼加拉瓜 Nicaragua
NIU NU 大洋洲 纽埃 Niue
NLD NL 欧洲 荷兰 Netherlands
NOR NO 欧洲 挪威 Norway
NPL NP 亚洲 尼泊尔 Nepal
NRU NR 大洋洲 瑙鲁 Nauru
NZL NZ 大洋洲 新西兰 New Zealand
OMN OM 亚洲 阿曼 Oman
PAK PK 亚洲 巴基斯坦 Pakistan
PAN PA 拉美 巴拿马 Panama
PCN PN 大洋洲 皮特凯恩群岛 Pitcairn
PER PE 拉美 秘鲁 Peru
PHL PH 亚洲 菲律宾 Philippines
PLW PW 大洋洲 帕劳 Palau
PNG PG 大洋洲 巴布亚新几内亚 Papua New Guinea
POL PL 欧洲 波兰 Poland
PRI PR 拉美 波多黎各 Puerto Rico
PRK KP 亚洲 朝鲜 DPR Korea
PRT PT 欧洲 葡萄牙 Portugal
PRY PY 拉美 巴拉圭 Paraguay
PSE PS 亚洲 巴勒斯坦 Palestine
PYF PF 大洋洲 法属波利尼西亚 French Polynesia
QAT QA 亚洲 卡塔尔 Qatar
REU RE 非洲 留尼汪 Réunion
ROU RO 欧洲 罗马尼亚 Romania
RUS RU 欧洲 俄罗斯 Russia
RWA RW 非洲 卢旺达 Rwanda
SAU SA 亚洲 沙特阿拉伯 Saudi Arabia
SDN SD 非洲 苏丹 Sudan
SEN SN 非洲 塞内加尔 Senegal
SGP SG 亚洲 新加坡 Singapore
SGS GS 拉美 南乔治亚和南桑威奇群岛 South Georgia and South Sandwich Islands
SHN SH 非洲 圣赫勒拿 Saint Helena
SJM SJ 欧洲 斯瓦尔巴和扬马延 Svalbard and Jan Mayen
SLB SB 大洋洲 所罗门群岛 Solomon Islands
SLE SL 非洲 塞拉利昂 Sierra Leone
SLV SV 拉美 萨尔瓦多 El Salvador
SMR SM 欧洲 圣马力诺 San Marino
SOM SO 非洲 索马里 Somalia
SPM PM 北美 圣皮埃尔和密克隆 Saint Pierre and Miquelon
SRB RS 欧洲 塞尔维亚 Serbia
SSD SS 非洲 南苏丹 South Sudan
STP ST 非洲 圣多美和普林西比 São Tomé and Príncipe
SUR SR 拉美 苏里南 Suriname
SVK SK 欧洲 斯洛伐克 Slovakia
SVN SI 欧洲 斯洛文尼亚 Slovenia
SWE SE 欧洲 瑞典 Sweden
SWZ SZ 非洲 斯威士兰 Eswatini
SXM SX 拉美 荷属圣马丁 Sint Maarten (Dutch part)
SYC SC 非洲 塞舌尔 Seychelles
SYR SY 亚洲 叙利亚 Syria
TCA TC 拉美 特克斯和凯科斯群岛 Turks and Caicos Islands
TCD TD 非洲 乍得 Chad
TGO TG 非洲 多哥 Togo
THA TH 亚洲 泰国 Thailand
TJK TJ 亚洲 塔吉克斯坦 Tajikistan
TKL TK 大洋洲 托克劳 Tokelau
TKM TM 亚洲 土库曼斯坦 Turkmenistan
TLS TL 亚洲 东帝汶 Timor-Leste
TON TO 大洋洲 汤加 Tonga
TTO TT 拉美 特立尼达和多巴哥 Trinidad and Tobago
TUN TN 非洲 突尼斯 Tunisia
TUR TR 亚洲 土耳其 Türkiye
TUV TV 大洋洲 图瓦卢 Tuvalu
TWN TW 亚洲 中国台湾 Taiwan, China
TZA TZ 非洲 坦桑尼亚 Tanzania
UGA UG 非洲 乌干达 Uganda
UKR UA 欧洲 乌克兰 Ukraine
UMI UM 大洋洲 美国本土外小岛屿 United States Minor Outlying Islands
URY UY 拉美 乌拉圭 Uruguay
USA US 北美 美国 United States
UZB UZ 亚洲 乌兹别克斯坦 Uzbekistan
VAT VA 欧洲 梵蒂冈 Vatican City
VCT VC 拉美 圣文森特和格林纳丁斯 Saint Vincent and Grenadines
VEN VE 拉美 委内瑞拉 Venezuela
VGB VG 拉美 英属维尔京群岛 British Virgin Islands
VIR VI 拉美 美属维尔京群岛 U.S. Virgin Islands
VNM VN 亚洲 越南 Viet Nam
VUT VU 大洋洲 瓦努阿图 Vanuatu
WLF WF 大洋洲 瓦利斯和富图纳 Wallis and Futuna
WSM WS 大洋洲 萨摩亚 Samoa
YEM YE 亚洲 也门 Yemen
ZAF ZA 非洲 南非 South Africa
ZMB ZM 非洲 赞比亚 Zambia
ZWE ZW 非洲 津巴布韦 Zimbabwe
"""


def _row(line: str) -> Country:
    alpha3, alpha2, region, name, english = line.split(" ", 4)
    return Country(alpha3, alpha2, region, name, english, SHORT.get(alpha3, name))


COUNTRIES: dict[str, Country] = {country.alpha3: country for country in map(_row, _TABLE.strip().splitlines())}

CHINA = frozenset({"CHN", "HKG", "MAC", "TWN"})  # Drawn as one: the regions lie inside the outline of CHN.


def name_of(alpha3: str) -> str:
    """The Chinese short name. A code that neither ISO nor the customs table knows is shown as written."""
    country = COUNTRIES.get(alpha3)
    return country.name if country else CUSTOMS_AREAS.get(alpha3, alpha3)


def short_of(alpha3: str) -> str:
    """The wall's short form, or the name where there is none."""
    country = COUNTRIES.get(alpha3)
    return country.short if country else name_of(alpha3)


def outline_of(alpha3: str) -> str:
    """The name of the outline that carries this country's tint: CHN for 香港, 澳门 and 台湾, else the code itself."""
    return "CHN" if alpha3 in CHINA else alpha3
