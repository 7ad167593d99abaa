"""Pages of the audit log: search, one line in full, and the export."""

import tempfile

from flask import current_app, render_template, request, send_file

from backend.administration import audit_export, audit_files, audit_search
from backend.administration.audit_search import Wanted
from backend.administration.audit_words import RESULTS, SUBJECTS, detail_name, roles_said, said
from backend.administration.chain_state import ChainState, chain_state
from backend.administration.system_pages import system
from backend.clearance.states import SHANGHAI
from backend.db import now
from backend.frame.allow import allow, engine, keys, principal
from backend.frame.deeds import NUMBER, Shown
from backend.frame.page import is_demo
from backend.identity.refusal import Unfit

FILES = {
    "xlsx": (audit_files.write_workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (audit_files.write_csv, "text/csv; charset=utf-8"),
}


@system.context_processor
def words() -> dict[str, object]:
    """How the parts of a line are called."""
    return {"said": said, "roles_said": roles_said, "named": detail_name, "subjects": SUBJECTS, "results": RESULTS}


@system.get("/audit")
@allow("read:audit")
def audit() -> Shown:
    """The log, the newest lines first."""
    try:
        wanted = Wanted.of(request.args)
    except Unfit as unfit:
        return listed(Wanted(), None, str(unfit)), 400
    return listed(
        wanted, audit_search.search(engine(), principal(), wanted, asked_number("before"), asked_number("after"))
    )


@system.get(f"/audit/<{NUMBER}:number>")
@allow("read:audit")
def audit_line(number: int) -> Shown:
    """One line."""
    line, whole = audit_search.line_of(engine(), principal(), number)
    return render_template("system/audit_line.html", line=line, whole=whole)


@system.post("/audit/export")
@allow("export:audit")
def audit_file() -> Shown:
    """The lines of a search as a file."""
    kind = request.form.get("kind", "")
    try:
        if kind not in FILES:
            raise Unfit("请选择文件格式")
        wanted = Wanted.of(request.form)
        export = audit_export.begin_export(engine(), principal(), wanted, kind, is_demo())
    except Unfit as unfit:
        return listed(Wanted(), None, str(unfit)), 400
    write, mimetype = FILES[kind]
    file = tempfile.TemporaryFile()  # noqa: SIM115  # It has no name, and the answer closes it.
    write(engine(), export, file)
    file.seek(0)
    answer = send_file(file, mimetype, as_attachment=True, download_name=export.name(kind))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def listed(wanted: Wanted, found: audit_search.Found | None, complaint: str = "") -> str:
    """The page of the log; without lines when what was asked for did not fit."""
    return render_template(
        "system/audit.html",
        wanted=wanted,
        found=found,
        complaint=complaint,
        chain=state(),
        today=f"{now().astimezone(SHANGHAI):%Y-%m-%d}",
    )


def state() -> ChainState:
    """How the chain stands."""
    return chain_state(engine(), keys(), current_app.extensions["settings"].var / "audit")


def asked_number(name: str) -> int:
    """The number of a line to go on from; 0 for none."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
