"""TEMPORARY stand-in until geo.routes and geo.labels are here."""
from dataclasses import dataclass
from geo.projection import project
X=(108.94,34.34);U=(87.6,43.6);H=(80.4,44.2);A=(82.6,45.2);K=(76,39.4)
R=[('3',['KAZ','UZB','GEO','RUS','BLR'],[X,(103.8,36),(95,41.2),U]),('3',['KAZ','UZB','GEO'],[U,(84,44.4),H]),('3',['KAZ'],[H,(77,43.3)]),('3',['UZB'],[H,(77,43.6),(73,42.9),(69.3,41.3)]),
('3',['GEO'],[H,(76,44.2),(66,45),(58,44.2),(51.2,43.6),(49.8,40.6),(44.8,41.7)]),('3',['RUS','BLR'],[U,A,(76,48.6),(69,52.5),(56,55),(37.6,55.75)]),('3',['BLR'],[(37.6,55.75),(32,54.8),(27.6,53.9)]),
('4',['KGZ','TJK'],[X,(101.8,35.2),(95,36.6),(88.2,38),(80,37.2),K]),('4',['KGZ'],[K,(75.3,40.6),(74.7,42.8)]),('4',['TJK'],[K,(73.8,38.4),(71.4,37.7),(68.8,38.5)]),('4',['MNG'],[X,(110.8,39.5),(111.9,43.6),(106.9,47.9)]),
('2',['ARE'],[X,(113.5,37.4),(117.8,38.9)]),('2',['ARE'],[(117.8,38.9),(120.6,38.4),(122.9,37.2),(123.2,33.6),(122.6,30.5)]),('2',['JOR','EGY'],[X,(115,32.6),(119,31.6),(122.6,30.5)]),
('2',['ARE','JOR','EGY'],[(122.6,30.5),(121.6,27),(119.2,23.8),(114.9,20.4)]),('2',['NGA','KHM'],[X,(111.4,29.5),(113.2,25.6),(113.6,22.8)]),('2',['NGA','KHM'],[(113.6,22.8),(114.2,21.6),(114.9,20.4)]),
('2',['ARE','JOR','EGY','NGA','KHM'],[(114.9,20.4),(112.6,15),(109.6,8.6)]),('2',['KHM'],[(109.6,8.6),(105.8,8),(103.5,10.5)]),('2',['ARE','JOR','EGY','NGA'],[(109.6,8.6),(105,2.6),(101,3.2),(97.6,5.6),(92,5.8),(80.5,5)]),
('2',['ARE'],[(80.5,5),(72,12),(62,22.5),(57.2,25.8),(55,25.1)]),('2',['NGA','JOR','EGY'],[(80.5,5),(66,9),(52,12.6),(43.4,12.4),(39.5,18),(35.4,26.5)]),('2',['JOR'],[(35.4,26.5),(35,29.5)]),('2',['NGA','EGY'],[(35.4,26.5),(32.6,29.9)]),
('2',['NGA'],[(32.6,29.9),(31,32.5),(20,35),(10,37.8),(-2,36),(-8,34.5),(-16,27),(-18,16),(-12,5.5),(-4,3.4),(3.4,6.4)])]
def curve(pts):
    P=[project(*p) for p in pts];o=[]
    for i in range(len(P)-1):
        a=P[i-1] if i else P[i];b=P[i];c=P[i+1];d=P[i+2] if i+2<len(P) else c
        for s in range(12):
            t=s/12;o.append(tuple(.5*(2*b[q]+(c[q]-a[q])*t+(2*a[q]-5*b[q]+4*c[q]-d[q])*t*t+(3*b[q]-a[q]-3*c[q]+d[q])*t**3) for q in (0,1)))
    return o+[P[-1]]
def way(country,mode,office):
    o=[]
    for m,cs,pts in R:
        if m==mode and country in cs:
            c=curve(pts);o+=c[1:] if o else c
    return tuple(o) or None
LAB={'KAZ':(66.5,48.6,'center',''),'RUS':(66,60.5,'center',''),'UZB':(62.2,42.9,'center','乌'),'KGZ':(74.9,41.6,'center','吉'),'TJK':(70.2,38.2,'center','塔'),'MNG':(103.5,46.3,'center',''),'ARE':(53.6,22.9,'center',''),'JOR':(36.4,32.4,'left',''),'EGY':(33.2,24.6,'right',''),'GEO':(43,42.6,'right',''),'BLR':(29.5,55.6,'left',''),'KHM':(104.8,12.6,'left',''),'NGA':(8,9.6,'center','')}
LENS={'KAZ':(69.5,45.6,'center',''),'UZB':(64.4,41.2,'center',''),'KGZ':(75,42.0,'center',''),'TJK':(69.4,38.3,'center','')}
@dataclass(frozen=True)
class Anchor:
    at: tuple
    align: str
    short: str
def anchor(country,form):
    t=(LENS if form=='lens' else LAB).get(country)
    return Anchor(project(t[0],t[1]),t[2],t[3]) if t else None
P=dict(霍尔果斯=H,阿拉山口=A,吐尔尕特=(75.4,40.5),卡拉苏=(74.9,38.3),二连浩特=(111.9,43.6),天津港=(117.8,38.9),洋山港=(122.1,30.6),广州港=(113.6,22.8))
def ports(form):
    t={'base':[('霍尔果斯','top'),('二连浩特','right'),('天津港','right'),('洋山港','left'),('广州港','left')],'wide':[('霍尔果斯','top'),('二连浩特','right'),('天津港','right'),('洋山港','right'),('广州港','left')],'lens':[('霍尔果斯','right'),('阿拉山口','right'),('吐尔尕特','right'),('卡拉苏','right')]}[form]
    return [(n,project(*P[n]),s) for n,s in t]
XIAN=project(*X)
from functools import cache, lru_cache
import json
from geo import shapes
@cache
def _points():
    return {}
def inside(country):
    p={'GBR':(-2,53),'MEX':(-102,23),'THA':(101,15.5),'POL':(19,52),'NPL':(84,28),'TKM':(59,39),'PER':(-75,-10),'KEN':(38,0.5),'SAU':(45,24),'VNM':(107,16)}.get(country)
    return project(*p) if p else None
def line(country):
    for m,cs,_ in R:
        if country in cs: return way(country,m,'')
    return None
@cache
def _china():
    w=json.loads(shapes.outline_bytes('world'))
    f=[f for f in w['features'] if f['properties']['name']=='CHN'][0]
    rings=[poly[0] for poly in f['geometry']['coordinates']]
    return [(min(p[0] for p in r),min(p[1] for p in r),max(p[0] for p in r),max(p[1] for p in r),r) for r in rings]
@lru_cache(maxsize=20000)
def _cell(i,j):
    x,y=i*40+20,j*40+20
    for a,b,c,d,r in _china():
        if a<=x<=c and b<=y<=d and _in(r,x,y): return True
    return any(abs(px-x)<60 and abs(py-y)<60 for l in shapes.dash_lines() for px,py in l)
def _in(r,x,y):
    ok=False;j=len(r)-1
    for i in range(len(r)):
        if (r[i][1]>y)!=(r[j][1]>y) and x<(r[j][0]-r[i][0])*(y-r[i][1])/(r[j][1]-r[i][1])+r[i][0]: ok=not ok
        j=i
    return ok
def on_china(p): return _cell(int(p[0]//40),int(p[1]//40))
