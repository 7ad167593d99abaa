"""Pages of the platform's own lists: look at them, add an entry, rename one, end one."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from backend.administration import dictionaries as lists
from backend.administration.codes_service import ALWAYS, FOR_EVER
from backend.administration.system_pages import system
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import Shown, attempt, status
from backend.frame.page import Form

NEEDED = InputRequired("请填写")
OFF = {"autocomplete": "off"}


class Add(Form):
    """A new entry."""

    name = StringField("新增一条", [NEEDED], description="2 到 40 个字，编号自动产生", render_kw=OFF)


class Rename(Form):
    """Another name for an entry."""

    number = SelectField("改名", [NEEDED], validate_choice=False)
    name = StringField(
        "新的名称", [NEEDED], id="new-name", description="从今天起用新名称，原名称保留其有效日期", render_kw=OFF
    )


class End(Form):
    """An entry that is not to be chosen any more."""

    number = SelectField("停用", [NEEDED], id="end-number", validate_choice=False)
    reason = StringField("停用理由", [NEEDED], description="4 到 200 个字，写入审计日志", render_kw=OFF)


@system.get("/dictionaries")
@allow("read:codes")
def dictionaries() -> Shown:
    """Every list with how many entries it has."""
    with engine().connect() as connection:
        rows = [(d, lists.choices_of(connection, d.table)) for d in lists.DICTIONARIES.values()]
    return render_template("system/dictionaries.html", rows=rows)


@system.get("/dictionaries/<table>")
@allow("read:codes")
def dictionaries_one(table: str) -> Shown:
    """One list."""
    return shown(table)


@system.post("/dictionaries/<table>/add")
@allow("change:codes")
def dictionaries_add(table: str) -> Shown:
    """Add an entry."""
    form = Add()
    return deed(table, form, "已新增。", lambda: lists.add(engine(), principal(), table, form.name.data or ""))


@system.post("/dictionaries/<table>/rename")
@allow("change:codes")
def dictionaries_rename(table: str) -> Shown:
    """Rename an entry."""
    form = Rename()
    return deed(table, form, "已改名，从今天起用新名称。", on_one(lists.rename, table, form.number, form.name))


@system.post("/dictionaries/<table>/end")
@allow("change:codes")
def dictionaries_end(table: str) -> Shown:
    """End an entry."""
    form = End()
    return deed(
        table, form, "已停用，今天之后不再有效，现在起不能再选。", on_one(lists.end, table, form.number, form.reason)
    )


def on_one(verb: Callable[..., Any], table: str, number: SelectField, word: StringField) -> Callable[[], Any]:
    """A verb on the entry that a form names, with the word that it asks for."""
    return lambda: verb(engine(), principal(), table, number.data or "", word.data or "")


def deed(table: str, form: Form, words: str, verb: Callable[[], Any]) -> Shown:
    """Do what was sent, or show what is wrong about it."""
    if attempt(form, verb)[0]:
        flash(words, "good")
        return redirect(url_for("system.dictionaries_one", table=table), 303)
    return shown(table, form)


def shown(table: str, sent: Form | None = None) -> Shown:
    """The page of a list, with the form that was sent in its place."""
    about = lists.dictionary_of(table)
    with engine().connect() as connection:
        choices, entries = lists.choices_of(connection, table), lists.entries_of(connection, table)
    forms: dict[str, Any] = {
        kind.__name__.lower(): sent if isinstance(sent, kind) else kind(formdata=None) for kind in (Add, Rename, End)
    }
    forms["rename"].number.choices = forms["end"].number.choices = choices
    words = {"about": about, "entries": entries, "always": ALWAYS, "for_ever": FOR_EVER, "sent": sent, **forms}
    return render_template("system/dictionary.html", **words), status()
