# 西安市二手车信息共享服务平台：make run 启动，make test 检验。两者都先做完准备工作，新机器上也只需这一条命令。
#
# Each step leaves a stamp in .venv/.made and runs again only when its inputs changed. No step of `make setup` needs root.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
VENV := .venv
PY := $(VENV)/bin/python
MADE := $(VENV)/.made
PIP_INSTALL := $(PY) -m pip install --quiet --quiet --disable-pip-version-check
# Four processes on two cores, for much of the time is waiting: two have browsers, the others all else (tests/conftest.py).
SIDE_BY_SIDE := -n 4 --dist loadscope --no-loadscope-reorder
LOCK := CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m piptools compile --quiet --strip-extras --no-emit-options \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade)

# A moved folder or a removed interpreter breaks the environment, and a clean-up takes the vendor files: then the stamps lie.
$(shell $(PY) -c '' 2>/dev/null || rm -rf $(MADE))
$(shell [ -f assets/vendor/echarts/echarts.min.js ] || rm -f $(MADE)/vendor)

.PHONY: help setup setup-test system-programs run test lint bench lock

help:
	@echo "make run         准备环境并启动平台"
	@echo "make test        准备环境并运行全部检查与测试（ARGS=\"-k 名称\" 只运行一部分）"
	@echo "make setup       只准备运行环境：Python 包与网页所需的第三方文件（不需要管理员权限）"
	@echo "make setup-test  再准备测试所需的程序：浏览器、Redis、nginx、wrk、中文字体"
	@echo "make bench       运行性能测试"
	@echo "make lock        重新生成版本锁定文件（UPGRADE=1 表示升级到允许范围内的最新版）"

setup: $(MADE)/packages $(MADE)/vendor

setup-test: setup $(MADE)/packages-dev system-programs

run: setup
	@exec $(PY) -m dashboard run

test: setup-test lint
	@$(PY) -m pytest $(SIDE_BY_SIDE) --durations=10 -ra $(ARGS)

lint: setup $(MADE)/packages-dev
	@$(PY) -m ruff check .
	@$(PY) -m mypy

bench: setup-test
	@$(PY) -m tests.bench $(ARGS)

lock: $(MADE)/packages-dev
	@$(LOCK) --output-file requirements.txt requirements.in
	@$(LOCK) --output-file requirements-dev.txt requirements-dev.in
	@npm install --package-lock-only --ignore-scripts --loglevel=error >/dev/null
	@$(PY) -c "$$WITHOUT_ADDRESSES"
	@echo "已更新：requirements.txt、requirements-dev.txt、package-lock.json。"

# npm writes the addresses of the authors' funding pages into the lock; nothing needs them.
define WITHOUT_ADDRESSES
import json, pathlib
path = pathlib.Path('package-lock.json')
lock = json.loads(path.read_text(encoding='utf-8'))
for package in lock['packages'].values():
    package.pop('funding', None), package.pop('resolved', None)
path.write_text(json.dumps(lock, ensure_ascii=False, indent=2) + '\n', encoding='utf-8')
endef
export WITHOUT_ADDRESSES

# ---- Python ------------------------------------------------------------------------------------------------------------

# PYTHON=… chooses an interpreter. One that merely exists is not enough: pyenv's stand-ins exist and refuse, Debian's lacks venv.
$(MADE)/environment:
	@if ! $(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  found=; \
	  for candidate in "$(PYTHON)" python3.11 python3.12 python3.13 python3; do \
	    if [ -n "$$candidate" ] && "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	    then found="$$candidate"; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "准备失败：没有找到可用的 Python 3.11 或更高版本（须带 venv 模块）。" >&2; \
	    echo "请安装 Python 3.11（Debian/Ubuntu：python3 与 python3-venv），或用 make setup PYTHON=解释器路径 指定。" >&2; \
	    exit 1; \
	  fi; \
	  echo "正在建立 Python 环境（$$("$$found" --version)）……"; \
	  "$$found" -m venv --clear $(VENV) || { echo "准备失败：无法在 $(VENV) 建立 Python 环境，请检查磁盘空间与写权限。" >&2; exit 1; }; \
	fi
	@mkdir -p $(MADE) && touch $@

$(MADE)/packages: $(MADE)/environment requirements.txt
	@echo "正在安装运行所需的 Python 包……"
	@$(PIP_INSTALL) -r requirements.txt \
	  || { echo "准备失败：运行所需的 Python 包没有装全，原因见上。请检查网络或本机的 pip 软件源设置后重试。" >&2; exit 1; }
	@touch $@

$(MADE)/packages-dev: $(MADE)/packages requirements-dev.txt
	@echo "正在安装测试所需的 Python 包……"
	@$(PIP_INSTALL) -r requirements-dev.txt \
	  || { echo "准备失败：测试所需的 Python 包没有装全，原因见上。请检查网络或本机的 pip 软件源设置后重试。" >&2; exit 1; }
	@touch $@

# ---- third-party files of the screens ----------------------------------------------------------------------------------

$(MADE)/vendor: $(MADE)/environment package.json package-lock.json .npmrc dashboard/vendor.py
	@command -v npm >/dev/null && [ "$$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ] \
	  || { echo "准备失败：取得图表与字体文件需要 Node.js 18 或更高版本（含 npm），请先安装。" >&2; exit 1; }
	@echo "正在取得图表与字体文件……"
	@npm ci --ignore-scripts --loglevel=error >/dev/null \
	  || { echo "准备失败：图表与字体文件没有取得（npm ci 出错）。请检查网络或本机的 npm 软件源设置后重试。" >&2; exit 1; }
	@$(PY) -m dashboard.vendor
	@touch $@

# ---- programs that only the tests need ---------------------------------------------------------------------------------

# Debian's server packages would start their services; RUNLEVEL=1 keeps them from it: the tests start their own.
define MISSING_PROGRAMS
PATH="$$PATH:/usr/sbin:/sbin"; \
missing() { \
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || echo chromium; \
  command -v redis-server >/dev/null || echo redis-server; \
  command -v nginx >/dev/null || echo nginx-light; \
  command -v wrk >/dev/null || echo wrk; \
  { command -v fc-list >/dev/null && [ -n "$$(fc-list :lang=zh)" ]; } || echo fontconfig fonts-noto-cjk; \
}
endef

system-programs:
	@$(MISSING_PROGRAMS); need="$$(echo $$(missing))"; \
	if [ -n "$$need" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "正在安装测试所需的程序：$$need ……"; \
	  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; log="$$(mktemp)"; \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $$need; } >"$$log" 2>&1 || tail -n 15 "$$log" >&2; \
	  rm -f "$$log"; need="$$(echo $$(missing))"; \
	fi; \
	if [ -n "$$need" ]; then \
	  echo "**************************************************************************" >&2; \
	  echo "注意：缺少测试所需的程序：$$need" >&2; \
	  echo "用到它们的测试会被跳过（在持续集成环境中会判为失败）。请由管理员安装后重试。" >&2; \
	  echo "**************************************************************************" >&2; \
	fi
