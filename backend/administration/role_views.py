"""Pages of rights: the table of roles and permissions, the requests, who holds which role, and outside identities."""

from flask import Response, render_template, request

from backend.administration import people_forms as forms
from backend.administration.accounts import account_named
from backend.administration.bindings import KINDS, binding_of, decide_binding, waiting_bindings
from backend.administration.grants import decide_role, end_role, grant_of, holders_page, live_roles, waiting_grants
from backend.administration.labels import LABELS
from backend.administration.people_pages import asked, filled, people
from backend.administration.rights_table import matrix, rights_workbook
from backend.frame.allow import allow, engine, keys, principal
from backend.frame.deeds import NUMBER, Shown, attempt, done, page_number
from backend.identity.roles import ORGANISATIONS, PEOPLE, PROGRAMS, ROLES

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@people.get("/roles")
@allow("read:roles")
def roles() -> Shown:
    """Which role holds which permission."""
    with engine().connect() as connection:
        waiting = waiting_grants(connection).total
    words = {"people": PEOPLE.values(), "programs": PROGRAMS.values(), "kinds": ORGANISATIONS}
    return render_template("administration/roles.html", rows=matrix(), waiting=waiting, **words)


@people.get("/roles/rights.xlsx")
@allow("read:roles")
def rights_file() -> Shown:
    """The same as a workbook, with who holds which role."""
    answer = Response(rights_workbook(engine(), principal()), mimetype=XLSX)
    answer.headers["Content-Disposition"] = "attachment; filename*=UTF-8''%E6%9D%83%E9%99%90%E8%A1%A8.xlsx"  # 权限表
    return answer


@people.get("/roles/holders")
@allow("read:roles")
def holders() -> Shown:
    """Who holds which role."""
    role = asked("role")
    with engine().connect() as connection:
        page, waiting = holders_page(connection, role, page_number()), waiting_grants(connection).total
    return render_template("administration/holders.html", page=page, waiting=waiting, role=role, roles=PEOPLE)


@people.get("/roles/requests")
@allow("read:roles")
def role_requests() -> Shown:
    """The requests that wait for a decision."""
    with engine().connect() as connection:
        page = waiting_grants(connection, page_number())
    return render_template("administration/requests.html", page=page, waiting=page.total, roles=PEOPLE)


@people.route(f"/roles/requests/<{NUMBER}:grant_id>", methods=["GET", "POST"])
@allow("decide:roles")
def decide_request(grant_id: int) -> Shown:
    """Judge one request."""
    form = forms.DecideRole()
    with engine().connect() as connection:
        grant = grant_of(connection, grant_id)
        held = [ROLES[r].label for r in live_roles(connection, grant["account_id"]) if r != grant["role"]]
    accept, reason = request.form.get("decision") == "accept", form.reason.data or ""
    made, _ = attempt(form, lambda: decide_role(engine(), principal(), grant_id, accept, reason))
    if made:
        words = f"{grant['login_name']} 的“{ROLES[grant['role']].label}”申请已{'批准' if accept else '驳回'}。"
        return done(words, "people.role_requests")
    role = PEOPLE[grant["role"]]
    return filled("decide.html", form=form, grant=grant, held=held, role=role, kinds=ORGANISATIONS, labels=LABELS)


@people.route(f"/roles/grants/<{NUMBER}:grant_id>/end", methods=["GET", "POST"])
@allow("decide:roles")
def end_grant(grant_id: int) -> Shown:
    """Ask once more, and take a role back."""
    form = forms.Why()
    with engine().connect() as connection:
        grant = grant_of(connection, grant_id)
    reason = form.reason.data or ""
    made, _ = attempt(form, lambda: end_role(engine(), principal(), grant_id, reason))
    if made:
        return done(f"{grant['login_name']} 的“{ROLES[grant['role']].label}”已收回。", "people.holders")
    return filled("end_grant.html", form=form, grant=grant, role=ROLES[grant["role"]])


@people.get("/bindings")
@allow("decide:roles")
def bindings() -> Shown:
    """Outside identities that wait to be bound."""
    page = waiting_bindings(engine(), keys(), principal(), page_number())
    return render_template("administration/bindings.html", page=page, kinds=KINDS)


@people.route(f"/bindings/<{NUMBER}:binding_id>", methods=["GET", "POST"])
@allow("decide:roles")
def decide_one_binding(binding_id: int) -> Shown:
    """Bind an outside identity to an account, or turn it away."""
    shown, form = binding_of(engine(), keys(), principal(), binding_id), forms.Binding()
    if request.method == "GET":
        form.login_name.data = shown["likely"]
    accept = request.form.get("decision") == "accept"
    with engine().connect() as connection:
        found = account_named(connection, form.login_name.data or "") if accept else None
    if accept and found is None and form.login_name.data:
        form.login_name.errors = [*form.login_name.errors, "没有这个登录名的账号，请核对"]
        return filled("binding.html", form=form, binding=shown, kinds=KINDS)
    made, _ = attempt(form, lambda: decide_binding(engine(), principal(), binding_id, found, accept))
    if made:
        return done(f"绑定申请已{'批准' if accept else '驳回'}。", "people.bindings")
    return filled("binding.html", form=form, binding=shown, kinds=KINDS)
