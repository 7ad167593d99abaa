"""The way in for people: sign-in step by step, the own account, sign-out, and the first run."""

from flask import Blueprint, current_app, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backend.administration.options import OPTIONS, options_of
from backend.audit.service import Line, write_lines
from backend.clearance.states import SHANGHAI
from backend.db import now, writing
from backend.frame.allow import allow, engine, keys, principal
from backend.frame.deeds import status
from backend.frame.page import complain, is_demo
from backend.identity import factor
from backend.identity.admission import SESSION
from backend.identity.cookies import CSRF, begin_visit, drop, safe_next
from backend.identity.demo import DEMO_ROLES, demo_session
from backend.identity.entrance import entered, origin
from backend.identity.first_run import administrators_exist, create_administrators
from backend.identity.forms import ChangePassword, Code, FirstRun, SignIn
from backend.identity.limits import limiter
from backend.identity.refusal import Unfit
from backend.identity.sessions import end_session, sessions_of
from backend.identity.sign_in import SignInRefused, change_password, pass_factor, sign_in
from backend.identity.sso_views import farewell
from backend.identity.throttle import Locked

Page = str | AnyResponse | tuple[str, int]
ANY_STAGE = ("factor", "change", "enrol", "full")
SUMMARIES = {"qinwuyuan": "陕西政务服务平台账号，自然人与法人均可", "single_window": "国际贸易单一窗口账号或卡"}
door = Blueprint("door", __name__, template_folder="templates")


def locked_words(locked: Locked) -> str:
    """What somebody reads who has guessed too often."""
    return f"失败次数过多，已暂时锁定，请在 {locked.until.astimezone(SHANGHAI):%H:%M} 之后再试，或联系系统管理员"


@door.route("/sign-in", methods=["GET", "POST"])
@allow("public")
@limiter.limit("20/second;600/minute", methods=["POST"])
def sign_in_page() -> Page:
    """The sign-in form, the ways by single sign-on, and in the demo one button a role."""
    begin_visit()
    form, after = SignIn(), safe_next(request.values.get("next"))
    if form.validate_on_submit():
        try:
            token = sign_in(engine(), form.login.data or "", form.password.data or "", origin())
            return entered(token, after)
        except SignInRefused as refused:
            complain(form, str(refused))
        except Locked as locked:
            complain(form, locked_words(locked))
    providers = [(p.key, p.label, SUMMARIES.get(p.key, "")) for p in current_app.extensions["providers"].values()]
    roles = DEMO_ROLES if is_demo() else {}
    return render_template("sign_in.html", form=form, after=after, providers=providers, roles=roles), status()


@door.post("/demo/sign-in")
@allow("public")
def demo_sign_in() -> Page:
    """In the demo a button opens a session in the chosen role, without any password."""
    token = demo_session(engine(), request.form.get("role", ""), origin()) if is_demo() else None
    if token is None:
        return render_template("gone.html", words="本平台不是演示环境，请用自己的账号登录"), 404
    return entered(token, safe_next(request.form.get("next")))


@door.route("/sign-in/factor", methods=["GET", "POST"])
@allow("self", stages=("factor",))
def factor_page() -> Page:
    """The second factor of a sign-in."""
    form = Code()
    if form.validate_on_submit() and passed(form):
        return redirect("/", 303)
    return render_template("factor.html", form=form), status()


def passed(form: Code) -> bool:
    """Whether the one-time password was taken; what was wrong stands in the form."""
    try:
        pass_factor(engine(), keys(), principal(), form.code.data or "", request.remote_addr or "")
    except Unfit as unfit:
        complain(form, str(unfit), unfit.field)
        return False
    except Locked as locked:
        complain(form, locked_words(locked))
        return False
    return True


@door.route("/account/factor", methods=["GET", "POST"])
@allow("self", stages=("enrol", "full"))
def enrol_page() -> Page:
    """Bind a telephone as second factor."""
    try:
        secret = factor.begin_enrolment(engine(), keys(), principal().id)
    except ValueError:
        return redirect("/account", 303)
    form = Code()
    if form.validate_on_submit() and passed(form):
        return further("动态口令已绑定，下次登录时需要输入。")
    shown = factor.picture(secret, principal().name)
    return render_template("enrol.html", form=form, secret=secret, picture=shown), status()


@door.route("/account/password", methods=["GET", "POST"])
@allow("self", stages=("change", "full"))
def password_page() -> Page:
    """Change the own password; forced after a reset and when it has aged."""
    form = ChangePassword()
    if form.validate_on_submit():
        try:
            change_password(
                engine(), keys(), principal(), form.old.data or "", form.password.data or "", request.remote_addr or ""
            )
            return further("密码已修改，其他设备上的登录已全部退出。")
        except Unfit as unfit:
            complain(form, str(unfit), unfit.field)
        except Locked as locked:
            complain(form, locked_words(locked))
    with engine().connect() as connection:
        least = options_of(connection)["password_length"]
    return render_template("password.html", form=form, least=least), status()


def further(words: str) -> AnyResponse:
    """On after a step: back to the own account with these words, or on with signing in, whose pages say nothing."""
    if principal().stage != "full":
        return redirect("/", 303)
    flash(words, "good")
    return redirect("/account", 303)


@door.get("/account")
@allow("self")
def account_page() -> Page:
    """The own account: what it is, what it may do, and where it is signed in."""
    with engine().connect() as connection:
        sessions = sessions_of(connection, principal().id)
        confirmed = factor.is_confirmed(connection, principal().id)
    return render_template("account.html", sessions=sessions, confirmed=confirmed, own=principal().session)


@door.post("/account/sessions/<mark>/end")
@allow("self")
def end_own_session(mark: str) -> Page:
    """End one of the own sessions on another device."""
    with writing(engine()) as connection:
        for session in sessions_of(connection, principal().id):
            if session["digest"][:12] == mark:
                end_session(connection, session["digest"], "own")
                write_lines(connection, now(), [Line(principal().name, "identity:session:end", mark)])
    flash("该设备上的登录已退出。", "good")
    return redirect("/account", 303)


@door.post("/sign-out")
@allow("self", stages=ANY_STAGE)
def sign_out() -> Page:
    """End the session here, and with the authority that it came from."""
    way = farewell(principal())
    with writing(engine()) as connection:
        end_session(connection, principal().session, "own")
        write_lines(connection, now(), [Line(principal().name, "identity:session:end", principal().mark)])
    answer = redirect(way or "/", 303)
    drop(answer, SESSION, CSRF)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@door.route("/first-run", methods=["GET", "POST"])
@allow("public")
@limiter.limit("10/minute", methods=["POST"])
def first_run() -> Page:
    """Create the three administrators with the one-time token of the console."""
    if administrators_exist(engine()):
        return render_template("gone.html", words="平台已有管理员，首次设置已经结束"), 404
    begin_visit()
    form = FirstRun()
    if form.validate_on_submit():
        try:
            create_administrators(engine(), keys(), form.token.data or "", form.data)
            flash("三位管理员已建立，请分别登录并绑定动态口令。", "good")
            return redirect("/sign-in", 303)
        except Unfit as unfit:
            complain(form, str(unfit), unfit.field)
    least = OPTIONS["password_length"].default
    return render_template("first_run.html", form=form, least=least), status()
