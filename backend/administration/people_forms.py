"""The forms of people and rights: what is asked, and how each field is explained."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import HiddenInput

from backend.administration.labels import LABELS
from backend.administration.personal import FIELDS
from backend.administration.token_issue import LIVES
from backend.frame.page import Form
from backend.identity.roles import ORGANISATIONS, PROGRAMS
from geo.districts import DISTRICTS

NEEDED = InputRequired("请填写")
CHOSEN = InputRequired("请选择")
OFF = {"autocomplete": "off"}
PLEASE = {"": "请选择"}
NOT_LISTED = "请从列表中选择"
CLASSES = [SelectChoice(value, label) for value, label in LABELS.items()]


def at_most(most: int) -> Length:
    """No longer than this many characters."""
    return Length(max=most, message=f"不能超过 {most} 个字")


class Choice(SelectField):
    """A list to choose from that complains in Chinese."""

    def __init__(self, label: str, validators: Sequence[Any] = (), **more: Any) -> None:
        complaints = {"invalid_value_message": NOT_LISTED, "invalid_choice_message": NOT_LISTED}
        super().__init__(label, validators, **complaints, **more)


def clearance_choice() -> Choice:
    """The field of a data class."""
    return Choice("可读数据等级", [CHOSEN], coerce=int, choices=CLASSES, default=1, description="不能高于您自己的等级")


class Why(Form):
    """A deed that asks for its reason."""

    reason = TextAreaField(
        "理由",
        [NEEDED, at_most(200)],
        description="4 到 200 个字；写明依据，例如批准文号。理由会留在审计日志中",
    )


class Sure(Form):
    """A deed that asks for nothing but to be meant."""


class NewAccount(Form):
    """Who gets an account."""

    login_name = StringField(
        "登录名",
        [NEEDED, at_most(64)],
        description="3 到 32 位字母、数字和 . _ -；不分大小写，建立后不能改，注销后也不再给别人用",
        render_kw={**OFF, "spellcheck": "false"},
    )
    organisation_id = Choice(
        "单位", [CHOSEN], description="决定可以担任的角色和可见的数据；列表中没有的，先在“单位”页建立"
    )
    name = StringField("姓名", [NEEDED, at_most(50)], render_kw=OFF)
    phone = StringField("手机号", [at_most(20)], description="账号异常时联系本人用", render_kw=OFF)
    id_no = StringField(
        "证件号", [at_most(24)], description="只用于核对单点登录的身份；不用单点登录的不必填", render_kw=OFF
    )
    clearance = clearance_choice()
    sso_only = BooleanField("只从统一身份认证进入，不设密码")


class ChangeAccount(Form):
    """What of an account may change; personal fields stay as they are when left empty."""

    version = IntegerField(widget=HiddenInput(), validators=[NumberRange(0, 2**31 - 1)])
    organisation_id = Choice("单位", [CHOSEN])
    clearance = clearance_choice()
    name = StringField("新的姓名", [at_most(50)], render_kw=OFF)
    phone = StringField("新的手机号", [at_most(20)], render_kw=OFF)
    drop_phone = BooleanField("删去登记的手机号")
    id_no = StringField("新的证件号", [at_most(24)], render_kw=OFF)
    drop_id_no = BooleanField("删去登记的证件号")

    def personal(self) -> dict[str, str]:
        """The personal fields that change; an empty text removes one."""
        given = {field: self[field].data.strip() for field in FIELDS if (self[field].data or "").strip()}
        dropped = {field: "" for field in ("phone", "id_no") if self[f"drop_{field}"].data}
        return {**given, **dropped}


class Reveal(Form):
    """Which personal field, and why."""

    field = RadioField("查看内容", [CHOSEN], choices=FIELDS, invalid_choice_message=NOT_LISTED)
    reason = TextAreaField(
        "理由", [NEEDED, at_most(200)], description="4 到 200 个字；理由、时间和您的登录名会留在审计日志中"
    )


class AskRole(Form):
    """A role for an account."""

    role = Choice("角色", [CHOSEN])
    reason = TextAreaField("理由", [NEEDED, at_most(200)], description="4 到 200 个字；供安全管理员审批时核对")


class DecideRole(Form):
    """What the decider says to it."""

    reason = TextAreaField("意见", [at_most(200)], description="批准可以不写；驳回须写明原因，4 个字以上")


class OrganisationForm(Form):
    """What of an organisation may change."""

    version = IntegerField(widget=HiddenInput(), default=0, validators=[NumberRange(0, 2**31 - 1)])
    name = StringField("单位名称", [NEEDED, at_most(100)], description="与营业执照或公章一致", render_kw=OFF)
    uscc = StringField(
        "统一社会信用代码",
        [at_most(24)],
        description="18 位，企业必填；系统会核对校验位（GB 32100-2015）",
        render_kw={**OFF, "spellcheck": "false"},
    )
    office = StringField("车管所代码", [at_most(16)], description="只有公安机关车辆管理所填写", render_kw=OFF)
    district = Choice(
        "所属区县",
        choices={"": "全市", **{code: district.name for code, district in DISTRICTS.items()}},
        description="区县商务主管部门只能看到本区县的数据；市级选“全市”",
    )


class NewOrganisation(OrganisationForm):
    """An organisation; its kind is asked only once."""

    kind = Choice(
        "单位类型",
        [CHOSEN],
        choices={**PLEASE, **ORGANISATIONS},
        description="建立后不能改：它决定人员可以担任的角色",
    )


class Binding(Form):
    """The account that an outside identity shall open."""

    login_name = StringField(
        "绑定到账号", [at_most(64)], description="填登录名；驳回时不必填", render_kw={**OFF, "spellcheck": "false"}
    )


LIFE_CHOICES = [SelectChoice(days, f"{days} 天") for days in LIVES]


class NewToken(Form):
    """What a token is for."""

    name = StringField("名称", [NEEDED, at_most(40)], description="写明用在哪里，例如“政务大厅一号屏”", render_kw=OFF)
    role = Choice("用途", [CHOSEN], choices={**PLEASE, **{key: role.label for key, role in PROGRAMS.items()}})
    organisation_id = Choice("企业", description="只有企业接口需要选择；该令牌只能读取这一家企业的数字")
    days = Choice("有效期", [CHOSEN], coerce=int, choices=LIFE_CHOICES, default=LIVES[-1])
