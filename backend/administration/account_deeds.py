"""What can be done to an account as a whole: each deed with its consequences in words, and the page that asks again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.administration import people_forms as forms
from backend.administration.account_search import account_of
from backend.administration.people_pages import filled, once, people
from backend.administration.resets import reset_factor, reset_password
from backend.administration.standing import close_account, resume_account, suspend_account
from backend.frame.allow import allow, engine, keys, principal
from backend.frame.deeds import Shown, attempt, done
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit


@dataclass(frozen=True)
class Deed:
    """A deed on an account: in which states it can be done, what follows from it, and whether it asks why."""

    label: str
    question: str  # with {} for the login name
    states: tuple[str, ...]
    consequences: tuple[str, ...]
    said: str
    verb: Callable[..., Any]
    why: bool = False
    grave: bool = True


LIVE = ("active", "suspended")
DEEDS = {
    "suspend": Deed(
        "停用",
        "停用 {}？",
        ("active",),
        ("此人现有的登录立即全部退出，打开的页面在下一次请求时失效", "恢复之前不能再登录", "角色保留，恢复后照旧"),
        "账号已停用，现有登录已全部退出。",
        suspend_account,
        why=True,
    ),
    "resume": Deed(
        "恢复",
        "恢复 {}？",
        ("suspended",),
        ("此人可以用原来的密码和动态口令登录", "角色照旧", "闲置天数从今天重新计算"),
        "账号已恢复。",
        resume_account,
        why=True,
        grave=False,
    ),
    "password": Deed(
        "重置密码",
        "重置 {} 的密码？",
        LIVE,
        (
            "系统生成一个一次性密码，只显示一次，请当面或电话转交本人",
            "原密码立即失效，现有登录全部退出，因输错密码造成的锁定同时解除",
            "本人下次登录时必须改成自己的密码",
        ),
        "",
        reset_password,
    ),
    "factor": Deed(
        "解除动态口令",
        "解除 {} 的动态口令？",
        LIVE,
        (
            "手机验证器中原来的口令立即失效，现有登录全部退出",
            "本人下次登录后必须重新绑定",
            "请先核实来人身份，例如当面核对工作证件",
        ),
        "动态口令已解除，本人下次登录时重新绑定。",
        reset_factor,
    ),
    "close": Deed(
        "注销",
        "注销 {}？",
        LIVE,
        (
            "不能撤销：注销的账号不能恢复，登录名也不再给任何人使用",
            "现有登录立即全部退出，角色全部收回，单点登录绑定解除",
            "登记的手机号和证件号删除；姓名保留，供日后查明由谁操作",
        ),
        "账号已注销。",
        close_account,
        why=True,
    ),
}  # fmt: skip


def deeds_for(actor: Principal, account: dict[str, Any]) -> dict[str, Deed]:
    """The deeds that are open to the actor at this account as it stands."""
    if not actor.may("manage:accounts") or account["id"] == actor.id:
        return {}
    found = {name: deed for name, deed in DEEDS.items() if account["state"] in deed.states}
    hidden = {"factor"} if not account["factor"] else set()
    hidden |= {"factor", "password"} if account["demo"] else set()
    return {name: deed for name, deed in found.items() if name not in hidden}


@people.route("/accounts/<account_id>/<any(suspend,resume,password,factor,close):deed>", methods=["GET", "POST"])
@allow("manage:accounts")
def account_deed(account_id: str, deed: str) -> Shown:
    """Ask once more, in words, and then do it."""
    chosen = DEEDS[deed]
    form = forms.Why() if chosen.why else forms.Sure()
    reason = (form.reason.data or "",) if isinstance(form, forms.Why) else ()
    made, given = attempt(form, lambda: chosen.verb(engine(), principal(), account_id, *reason))
    shown = account_of(engine(), keys(), principal(), account_id)
    if made and given is not None:
        words = {"title": "密码已重置", "login": shown["login_name"], "secret": given, "account_id": account_id}
        return once(what="password", **words)
    if made:
        return done(chosen.said, "people.account", account_id=account_id)
    if deed not in deeds_for(principal(), shown) and not form.errors:
        raise Unfit(f"这个账号现在不能{chosen.label}")
    return filled("account_deed.html", form=form, account=shown, deed=chosen)
