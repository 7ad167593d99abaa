"""Pages of accounts: the list, a new one, one account with its roles, its changes, and a look at personal data."""

from typing import Any

from flask import make_response, render_template
from sqlalchemy import Engine

from backend.administration import people_forms as forms
from backend.administration.account_deeds import deeds_for
from backend.administration.account_search import Wanted, account_of, accounts_page
from backend.administration.accounts import change_account, create_account
from backend.administration.grants import LIVE, ask_role
from backend.administration.grants import STATES as GRANT_STATES
from backend.administration.labels import LABELS
from backend.administration.organisations import open_organisations
from backend.administration.people_pages import asked, filled, once, people
from backend.administration.personal import FIELDS, reveal
from backend.administration.standing import STATES
from backend.frame.allow import allow, engine, keys, principal
from backend.frame.deeds import Shown, attempt, done, page_number
from backend.identity.passwords import one_time_password
from backend.identity.roles import ORGANISATIONS, PEOPLE
from backend.models.people import THREE_ADMINISTRATORS


def organisation_choices(found: Engine, kind: str | None = None) -> dict[str, str | dict[str, str]]:
    """Open organisations to choose from, under the names of their kinds."""
    groups: dict[str, dict[str, str]] = {}
    with found.connect() as connection:
        for row in open_organisations(connection, kind):
            groups.setdefault(ORGANISATIONS[row["kind"]], {})[row["id"]] = row["name"]
    return {**forms.PLEASE, **groups}


@people.get("/accounts")
@allow("read:accounts")
def accounts() -> Shown:
    """Accounts by login name, organisation, state and role."""
    wanted = Wanted(asked("login"), asked("organisation"), asked("state"), asked("role"))
    page = accounts_page(engine(), keys(), principal(), wanted, page_number())
    return render_template("administration/accounts.html", page=page, wanted=wanted, states=STATES, roles=PEOPLE)


@people.route("/accounts/new", methods=["GET", "POST"])
@allow("manage:accounts")
def new_account() -> Shown:
    """A new account and its one-time password, which is shown once."""
    form = forms.NewAccount()
    form.organisation_id.choices = organisation_choices(engine())
    password = None if form.sso_only.data else one_time_password()
    made, account_id = attempt(form, lambda: _create(form, password))
    if not made:
        return filled("account_new.html", form=form)
    if password is None:
        return done("账号已建立，请接着为它申请角色。", "people.account", account_id=account_id)
    login = form.login_name.data
    return once(what="password", title="账号已建立", login=login, secret=password, account_id=account_id)


def _create(form: forms.NewAccount, password: str | None) -> str:
    given = {name: form[name].data or "" for name in ("login_name", "organisation_id", "name", "phone", "id_no")}
    return create_account(
        engine(), keys(), principal(), **given, clearance=form.clearance.data or 0, first_password=password
    )


@people.get("/accounts/<account_id>")
@allow("read:accounts")
def account(account_id: str) -> Shown:
    """One account: facts, roles with who asked and who decided, and what can be done."""
    shown = account_of(engine(), keys(), principal(), account_id)
    return filled("account.html", **_words(shown, forms.AskRole()))


@people.post("/accounts/<account_id>")
@allow("ask:roles")
def ask_for_role(account_id: str) -> Shown:
    """Ask that the account be given a role."""
    shown = account_of(engine(), keys(), principal(), account_id)
    words = _words(shown, form := forms.AskRole())
    reason = form.reason.data or ""
    made, _ = attempt(form, lambda: ask_role(engine(), principal(), account_id, form.role.data or "", reason))
    if made:
        return done("申请已提交，等待安全管理员批准。", "people.account", account_id=account_id)
    return filled("account.html", **words)


def _words(shown: dict[str, Any], form: forms.AskRole) -> dict[str, Any]:
    kind = shown["organisation"]["kind"]
    form.role.choices = {**forms.PLEASE, **{key: role.label for key, role in PEOPLE.items() if kind in role.kinds}}
    return {
        "account": shown,
        "form": form,
        "asks": _asks(shown),
        "deeds": deeds_for(principal(), shown),
        "states": STATES,
        "grant_states": GRANT_STATES,
        "labels": LABELS,
        "roles": PEOPLE,
        "kinds": ORGANISATIONS,
        "fields": FIELDS,
    }


def _asks(shown: dict[str, Any]) -> bool:
    """Whether it makes sense to ask for one more role: an administrator holds exactly one."""
    sole = any(grant["state"] in LIVE and grant["role"] in THREE_ADMINISTRATORS for grant in shown["grants"])
    return principal().may("ask:roles") and shown["state"] != "closed" and not sole


@people.route("/accounts/<account_id>/change", methods=["GET", "POST"])
@allow("manage:accounts")
def edit_account(account_id: str) -> Shown:
    """Change organisation, clearance and personal fields."""
    shown = account_of(engine(), keys(), principal(), account_id)
    form = forms.ChangeAccount(data={k: shown[k] for k in ("version", "clearance", "organisation_id")})
    form.organisation_id.choices = organisation_choices(engine())
    made, _ = attempt(form, lambda: _change(form, account_id))
    if made:
        return done("账号已修改。", "people.account", account_id=account_id)
    return filled("account_change.html", form=form, account=shown, fields=FIELDS)


def _change(form: forms.ChangeAccount, account_id: str) -> None:
    change_account(
        engine(), keys(), principal(), account_id, form.version.data or 0,
        organisation_id=form.organisation_id.data, clearance=form.clearance.data, personal=form.personal(),
    )  # fmt: skip


@people.route("/accounts/<account_id>/reveal", methods=["GET", "POST"])
@allow("reveal:personal")
def reveal_personal(account_id: str) -> Shown:
    """One personal field in full, for a reason that is put on record."""
    form = forms.Reveal()
    shown = account_of(engine(), keys(), principal(), account_id)
    form.field.choices = {field: label for field, label in FIELDS.items() if shown[field]}
    field, reason = form.field.data or "", form.reason.data or ""
    made, text = attempt(form, lambda: reveal(engine(), keys(), principal(), account_id, field, reason))
    if not made:
        return filled("reveal.html", form=form, account=shown, fields=FIELDS)
    words = {"account": shown, "label": FIELDS[field], "text": text}
    answer = make_response(render_template("administration/revealed.html", **words))
    answer.headers["Cache-Control"] = "no-store"
    return answer
