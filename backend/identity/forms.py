"""The forms of signing in."""

from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from backend.frame.page import Form
from backend.identity.passwords import LONGEST

NEEDED = InputRequired("请填写")


def _password(label: str, how: str) -> PasswordField:
    rules = [NEEDED, Length(max=LONGEST, message=f"不能超过 {LONGEST} 位")]
    return PasswordField(label, rules, render_kw={"autocomplete": how})


class SignIn(Form):
    """Login name and password."""

    login = StringField(
        "登录名",
        [NEEDED, Length(max=64, message="登录名太长")],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = _password("密码", "current-password")


class Code(Form):
    """A one-time password."""

    code = StringField(
        "动态口令",
        [NEEDED, Length(min=6, max=9, message="动态口令是六位数字")],
        description="手机验证器上当前显示的六位数字，每个口令只能用一次",
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "maxlength": 9},
    )

    def validate_code(self, found: StringField) -> None:
        """Six digits, whatever blanks stand between them."""
        if sum(c.isdigit() for c in found.data or "") != 6:
            raise ValidationError("动态口令是六位数字")


class ChangePassword(Form):
    """The present and the new password."""

    old = _password("现在的密码", "current-password")
    password = _password("新密码", "new-password")
    again = PasswordField(
        "再输一遍新密码",
        [NEEDED, EqualTo("password", "两次输入的新密码不一致")],
        render_kw={"autocomplete": "new-password"},
    )


class FirstRun(Form):
    """The three administrators of a new platform."""

    token = StringField("一次性令牌", [NEEDED], description="平台启动时显示在控制台，一小时内有效，只能用一次")
    system_login = StringField("系统管理员登录名", [NEEDED])
    system_name = StringField("系统管理员姓名", [NEEDED])
    system_password = _password("系统管理员密码", "new-password")
    security_login = StringField("安全管理员登录名", [NEEDED])
    security_name = StringField("安全管理员姓名", [NEEDED])
    security_password = _password("安全管理员密码", "new-password")
    audit_login = StringField("审计管理员登录名", [NEEDED])
    audit_name = StringField("审计管理员姓名", [NEEDED])
    audit_password = _password("审计管理员密码", "new-password")
