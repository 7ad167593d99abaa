"""Pages of organisations: the list, a new one, a change, closing and opening again."""

from typing import Any

from flask import render_template

from backend.administration import people_forms as forms
from backend.administration.organisations import (
    change_organisation,
    close_organisation,
    open_organisation,
    organisation_of,
    organisations_page,
    reopen_organisation,
)
from backend.administration.people_pages import asked, filled, people
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import Shown, attempt, done, page_number
from backend.identity.roles import ORGANISATIONS
from geo.districts import district_name


@people.get("/organisations")
@allow("manage:organisations")
def organisations() -> Shown:
    """Organisations by name or code, kind and state."""
    wanted = {name: asked(name) for name in ("search", "kind", "state")}
    page = organisations_page(engine(), principal(), **wanted, number=page_number())
    for row in page.rows:
        row["district_name"] = (district_name(row["district"]) if row["district"] else None) or "全市"
    return render_template("administration/organisations.html", page=page, wanted=wanted, kinds=ORGANISATIONS)


@people.route("/organisations/new", methods=["GET", "POST"])
@allow("manage:organisations")
def new_organisation() -> Shown:
    """A new organisation."""
    form = forms.NewOrganisation()
    made, _ = attempt(form, lambda: open_organisation(engine(), principal(), form.kind.data or "", **_given(form)))
    if made:
        return done(f"单位“{form.name.data}”已建立。", "people.organisations", search=form.name.data)
    return filled("organisation.html", form=form, organisation=None, kinds=ORGANISATIONS)


@people.route("/organisations/<organisation_id>", methods=["GET", "POST"])
@allow("manage:organisations")
def edit_organisation(organisation_id: str) -> Shown:
    """Change an organisation; its kind stays."""
    row = organisation_of(engine(), principal(), organisation_id)
    form = forms.OrganisationForm(data={key: value or "" for key, value in row.items()})
    made, _ = attempt(form, lambda: _change(form, organisation_id))
    if made:
        return done(f"单位“{form.name.data}”已修改。", "people.organisations", search=form.name.data)
    return filled("organisation.html", form=form, organisation=row, kinds=ORGANISATIONS)


@people.route("/organisations/<organisation_id>/close", methods=["GET", "POST"])
@allow("manage:organisations")
def close_one(organisation_id: str) -> Shown:
    """Ask once more, and close it."""
    row, form = organisation_of(engine(), principal(), organisation_id), forms.Why()
    reason = form.reason.data or ""
    made, _ = attempt(form, lambda: close_organisation(engine(), principal(), organisation_id, reason))
    if made:
        return done(f"单位“{row['name']}”已撤销，其人员的登录已全部退出。", "people.organisations")
    consequences = (
        "这个单位人员现有的登录立即全部退出，以后不能登录",
        "这个单位的接口令牌立即吊销，恢复后须重新发放",
        "统一社会信用代码保留；误撤销的可以从列表中恢复",
    )
    return filled("organisation_deed.html", form=form, organisation=row, verb="撤销", consequences_said=consequences)


@people.route("/organisations/<organisation_id>/reopen", methods=["GET", "POST"])
@allow("manage:organisations")
def reopen_one(organisation_id: str) -> Shown:
    """Ask once more, and open it again."""
    row, form = organisation_of(engine(), principal(), organisation_id), forms.Sure()
    made, _ = attempt(form, lambda: reopen_organisation(engine(), principal(), organisation_id))
    if made:
        return done(f"单位“{row['name']}”已恢复。", "people.organisations", search=row["name"])
    consequences = ("这个单位没有停用、没有注销的账号可以重新登录", "已吊销的接口令牌不会恢复")
    return filled("organisation_deed.html", form=form, organisation=row, verb="恢复", consequences_said=consequences)


def _given(form: forms.OrganisationForm) -> dict[str, Any]:
    return {name: form[name].data or "" for name in ("name", "uscc", "office", "district")}


def _change(form: forms.OrganisationForm, organisation_id: str) -> None:
    change_organisation(engine(), principal(), organisation_id, form.version.data or 0, **_given(form))
