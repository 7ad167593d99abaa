"""How long a committed declaration takes to be seen in the interface."""

import random
import statistics
import time
from datetime import date, datetime
from pathlib import Path

from backend.clearance.states import SHANGHAI
from backend.db import make_engine
from backend.demo.world import World
from backend.exchange.batch import take_batch
from backend.exchange.documents import Incoming
from tests.bench.report import Result
from tests.running import Platform

DECLARATION = (
    "<DecMessage><DecHead><SeqNo>{seq}</SeqNo><DDate>20261030</DDate><TransMode>3</TransMode><TrafMode>3</TrafMode>"
    "<TradeCoScc>91610131MA6BENCH1X</TradeCoScc><TradeCountry>KAZ</TradeCountry></DecHead><DecLists><DecList>"
    "<CodeTS>8703800010</CodeTS><DeclTotal>10000.00</DeclTotal><TradeCurr>USD</TradeCurr><FirstQty>1</FirstQty>"
    "<FirstUnit>003</FirstUnit></DecList></DecLists></DecMessage>"
)
RECEIPT = "<DEC_RESULT><CUS_CIQ_NO>{seq}</CUS_CIQ_NO><NOTICE_DATE>{at}</NOTICE_DATE><CHANNEL>R</CHANNEL></DEC_RESULT>"


def bench_latency(folder: Path, quick: bool) -> Result:
    """Commit single declarations at random moments and poll the interface until it counts them."""
    count = 5 if quick else 60
    World(2, date(2026, 10, 31)).write(folder / "world", 200 if quick else 2_000)
    result = Result("latency", "从提交到接口可见", f"{count} 次单份提交，随机间隔，每 50 毫秒问一次接口；默认设置。")
    with Platform(folder / "var") as platform:
        platform.command("import", str(folder / "world"))
        time.sleep(3)
        engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
        chance = random.Random(1)
        waits = []
        for number in range(count):
            time.sleep(chance.uniform(0, 2))
            waits.append(seen_after(platform, lambda n=number: commit(engine, n)))  # type: ignore[misc]
    waits.sort()
    result.add("中位", "", f"{statistics.median(waits):.2f} 秒")
    result.add("p95", "≤ 6 秒", f"{waits[int(len(waits) * 0.95) - 1]:.2f} 秒")
    result.add("最长", "", f"{waits[-1]:.2f} 秒")
    return result


def commit(engine: object, number: int) -> None:
    """One declaration with its clearance, in one transaction."""
    seq = f"E2026{number:013d}"
    at = f"{datetime.now(SHANGHAI):%Y-%m-%dT%H:%M:%S}"
    files = [("d", DECLARATION.format(seq=seq)), ("r", RECEIPT.format(seq=seq, at=at))]
    take_batch(engine, "测试", [Incoming(f"{kind}{number}.xml", text.encode()) for kind, text in files])  # type: ignore[arg-type]


def seen_after(platform: Platform, change: object) -> float:
    """Seconds from the end of the commit until the total has grown."""
    before = platform.statistics("month")["total"]["declarations"]
    change()  # type: ignore[operator]
    started = time.monotonic()
    while platform.statistics("month")["total"]["declarations"] == before:
        assert time.monotonic() - started < 30
        time.sleep(0.05)
    return time.monotonic() - started
