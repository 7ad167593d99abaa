"""The forms about wall screens: a message, where a screen hangs and what it plays, and the rows of a playlist."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, FloatField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from backend.frame.page import Form
from backend.screens.playlists import LONGEST, LONGEST_NAME, SHORTEST, Playlist
from backend.screens.programme import SCALES, WEEKDAYS, WHOLE_DAY, Item
from backend.screens.service import LEAST_SECONDS, LONGEST_TEXT, MOST_SECONDS, Placing
from dashboard.face_names import FACES

METRES = {"inputmode": "decimal", "autocomplete": "off"}
TIME = {"maxlength": 5, "size": 5, "autocomplete": "off"}


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

    def process_data(self, value: Any) -> None:
        """Keep what a moved row says, also where it is no number."""
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; wtforms turns the ValueError into the field's complaint."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("请填写整数") from None


def _number(given: Any) -> int | None:
    """The number of a chosen row; None for the empty choice."""
    return int(given) if given not in (None, "", "None") else None


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
    playlist_id = SelectField("播放单", coerce=_number, description="依次显示哪些画面；在“播放单”页建立和修改")
    scale = SelectField(
        "缩放方式",
        [InputRequired("请选择缩放方式")],
        choices=list(SCALES.items()),
        description="等比：整页可见；宽度优先：占满宽度，上下滚动；拉伸：占满全屏，字会变形；不缩放：按原尺寸，四向滚动",
    )
    enabled = BooleanField("失联时告警", description="停用或下班断电的屏可以关闭；关闭后没有心跳不再告警")

    def offer(self, playlists: Sequence[Playlist]) -> None:
        """Put the playlists to choose from into the form."""
        self.playlist_id.choices = [("", "不轮播"), *((str(p.id), p.name) for p in playlists)]

    def placing(self) -> Placing:
        """What was filled in."""
        name, place = ((field.data or "").strip() for field in (self.name, self.place))
        size = (self.height_m.data, self.distance_m.data)
        return Placing(name, place, *size, self.enabled.data, self.playlist_id.data, self.scale.data)


class Title(Form):
    """How a playlist is called."""

    name = StringField(
        "名称",
        [InputRequired("请填写名称"), Length(max=LONGEST_NAME, message=f"不能超过 {LONGEST_NAME} 个字")],
        description="例如“大厅”；在屏幕的登记中按名称选用",
        render_kw={"autocomplete": "off"},
    )


class Row(Form):
    """One item of a playlist; the fields of a row are named items-<position>-<part>."""

    face = SelectField("画面", choices=list(FACES.items()))
    seconds = Seconds(
        "秒数",
        [
            InputRequired("请填写秒数"),
            NumberRange(SHORTEST, LONGEST, f"应为 {SHORTEST} 到 {LONGEST} 秒"),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    weekdays = SelectMultipleField(
        "星期",
        choices=list(enumerate(WEEKDAYS, 1)),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    start = StringField("从", [InputRequired("请填写时间")], name="from", render_kw=TIME)
    end = StringField("到", [InputRequired("请填写时间")], name="to", render_kw=TIME)

    def item(self) -> dict[str, Any]:
        """What was filled in, as a playlist keeps it."""
        times = {"from": self.start.data or "", "to": self.end.data or ""}
        return {"face": self.face.data, "seconds": self.seconds.data, "weekdays": self.weekdays.data, **times}

    def typed(self) -> dict[str, Any]:
        """What was typed, also where it does not fit: a row that is moved must not lose anything."""
        return self.item() | {"seconds": (self.seconds.raw_data or [self.seconds.data])[0]}


def rows_sent(count: int) -> list[Row]:
    """The rows as the browser sent them."""
    return [Row(prefix=f"items-{position}-") for position in range(count)]


def rows_of(items: Sequence[Item]) -> list[Row]:
    """Rows filled with items, whatever a browser sent."""
    values = [{**item, "start": item["from"], "end": item["to"]} for item in items]
    return [Row(formdata=None, prefix=f"items-{position}-", data=value) for position, value in enumerate(values)]


def new_item() -> dict[str, Any]:
    """What a new row says."""
    return {"face": next(iter(FACES)), "seconds": 30, **WHOLE_DAY}
