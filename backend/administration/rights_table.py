"""The table of rights: which role holds which permission, on a page and as a workbook with who holds which role."""

from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from sqlalchemy import Engine

from backend.administration.duty import need
from backend.administration.grants import all_holders
from backend.audit.service import Line, write_lines
from backend.clearance.states import SHANGHAI
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.roles import ORGANISATIONS, PEOPLE, PERMISSIONS, PROGRAMS, ROLES

HELD = "●"
# What people typed stays text: a name that begins with = must not become a formula, nor an address a link.
AS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def matrix() -> list[tuple[str, str, list[bool]]]:
    """Each permission with its words and whether each role holds it, in the order people's roles, then programs'."""
    order = [*PEOPLE.values(), *PROGRAMS.values()]
    return [(key, words, [key in role.permissions for role in order]) for key, words in PERMISSIONS.items()]


def rights_workbook(engine: Engine, actor: Principal) -> bytes:
    """The table and the holders as xlsx, with who exported it and when; raises Refused."""
    need(actor, "read:roles")
    at = now()
    with writing(engine) as connection:
        rows = all_holders(connection)
        write_lines(connection, at, [Line(actor.name, "identity:role:export", "rights", detail={"holders": len(rows)})])
    made = BytesIO()
    with xlsxwriter.Workbook(made, AS_TEXT) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        _matrix_sheet(book, head)
        _holders_sheet(book, head, rows)
        _roles_sheet(book, head)
        for sheet in book.worksheets():
            sheet.freeze_panes(1, 1)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)
            sheet.set_footer(f"&L{actor.name.replace('&', '&&')} 于 {shown(at)} 导出&R第 &P 页，共 &N 页")
        book.set_properties({"title": "权限表", "author": actor.name, "comments": f"{actor.name} 于 {shown(at)} 导出"})
    return made.getvalue()


def shown(at: datetime | None) -> str:
    """A moment as the workbook writes it."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""


def _matrix_sheet(book: Any, head: Any) -> None:
    sheet, centre = book.add_worksheet("权限表"), book.add_format({"align": "center"})
    sheet.write_row(0, 0, ["权限", *(role.label for role in [*PEOPLE.values(), *PROGRAMS.values()])], head)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, len(ROLES), 11)
    for number, (_, words, held) in enumerate(matrix(), 1):
        sheet.write_string(number, 0, words)
        sheet.write_row(number, 1, [HELD if one else "" for one in held], centre)


def _holders_sheet(book: Any, head: Any, rows: list[dict[str, Any]]) -> None:
    sheet = book.add_worksheet("角色持有人")
    sheet.write_row(0, 0, ["登录名", "角色", "单位", "单位类型", "申请人", "申请时间", "批准人", "批准时间"], head)
    sheet.set_column(0, 7, 20)
    for number, row in enumerate(rows, 1):
        role, kind = ROLES.get(row["role"]), ORGANISATIONS.get(row["organisation_kind"], "")
        people = [row["asker"], shown(row["asked_at"]), row["decider"]]
        texts = [row["login_name"], role.label if role else row["role"], row["organisation"], kind, *people]
        sheet.write_row(number, 0, [*texts, shown(row["decided_at"])])


def _roles_sheet(book: Any, head: Any) -> None:
    sheet = book.add_worksheet("角色说明")
    sheet.write_row(0, 0, ["角色", "可以担任的单位类型", "须有动态口令", "与其他角色"], head)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 44)
    sheet.set_column(2, 3, 16)
    for number, role in enumerate(ROLES.values(), 1):
        kinds = "、".join(ORGANISATIONS[kind] for kind in role.kinds) or "程序与大屏，由令牌持有"
        factor = "是" if role.second_factor else ("否" if role.kinds else "不适用")
        sheet.write_row(number, 0, [role.label, kinds, factor, "互不兼任" if role.administrator else ""])
