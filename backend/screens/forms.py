"""The forms about wall screens: a message to show, and how a screen is called and where it hangs."""

from wtforms import BooleanField, FloatField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from backend.frame.page import Form
from backend.identity.refusal import Unfit
from backend.screens.service import LEAST_SECONDS, LONGEST_TEXT, MOST_SECONDS, Placing

METRES = {"inputmode": "decimal", "autocomplete": "off"}


class Metres(FloatField):
    """A length that complains in Chinese."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; wtforms turns the ValueError into the field's complaint."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("请填写数字，例如 2.4") from None


class Seconds(IntegerField):
    """A whole number of seconds that complains in Chinese."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; wtforms turns the ValueError into the field's complaint."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("请填写整数") from None


class Message(Form):
    """What a screen shall show, and for how long."""

    text = StringField(
        "消息",
        [InputRequired("请填写消息"), Length(max=LONGEST_TEXT, message=f"不能超过 {LONGEST_TEXT} 个字")],
        description=f"最多 {LONGEST_TEXT} 个字，显示在大屏标题下方；在场的人都会看到，不要写个人信息",
        render_kw={"autocomplete": "off"},
    )
    seconds = Seconds(
        "显示秒数",
        [
            InputRequired("请填写秒数"),
            NumberRange(LEAST_SECONDS, MOST_SECONDS, f"应为 {LEAST_SECONDS} 到 {MOST_SECONDS} 秒"),
        ],
        default=60,
        description=f"{LEAST_SECONDS} 到 {MOST_SECONDS} 秒，之后自动消失",
    )


class Place(Form):
    """How a screen is called, where it hangs and how large it is in its room."""

    name = StringField("名称", [InputRequired("请填写名称"), Length(max=40, message="不能超过 40 个字")])
    place = StringField("位置", [Length(max=60, message="不能超过 60 个字")], description="例如“政务大厅二楼东侧”")
    height_m = Metres("画面高度（米）", [Optional()], render_kw=METRES, description="量发光画面的高度，例如 2.4")
    distance_m = Metres("观看距离（米）", [Optional()], render_kw=METRES, description="最远的座位离屏多少米，例如 8")
    enabled = BooleanField("失联时告警", description="停用或下班断电的屏可以关闭；关闭后没有心跳不再告警")

    def placing(self) -> Placing:
        """What was filled in."""
        name, place = ((field.data or "").strip() for field in (self.name, self.place))
        return Placing(name, place, self.height_m.data, self.distance_m.data, self.enabled.data)


def complain(form: Form, unfit: Unfit) -> None:
    """Put a verb's complaint under its field, or on top of the form."""
    if unfit.field in form:
        form[unfit.field].errors = [*form[unfit.field].errors, str(unfit)]
    else:
        form.form_errors.append(str(unfit))
