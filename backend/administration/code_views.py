"""Pages of code tables: the list of them, and the search in one."""

from flask import abort, render_template, request

from backend.administration.code_search import code_tables_of, search_codes
from backend.administration.people_pages import asked
from backend.administration.system_pages import system
from backend.frame.allow import allow, engine
from backend.frame.deeds import Shown, page_number


@system.get("/codes")
@allow("read:codes")
def codes() -> Shown:
    """Every official table."""
    with engine().connect() as connection:
        return render_template("system/codes.html", tables=code_tables_of(connection))


@system.get("/codes/<table>")
@allow("read:codes")
def codes_table(table: str) -> Shown:
    """The codes of one table."""
    text, ended = asked("q").strip(), request.args.get("ended") == "1"
    with engine().connect() as connection:
        about = next((row for row in code_tables_of(connection) if row["table"] == table), None)
        if about is None:
            abort(404)
        page = search_codes(connection, table, text, ended, page_number())
    return render_template("system/code_table.html", about=about, page=page, text=text, ended=ended)
