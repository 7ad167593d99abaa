"""The front page: what the platform is, how recent its figures are, and where to go from here."""

from dash import dcc, html

from dashboard import ids
from dashboard.components import Live, labelled
from dashboard.pages_registry import Page, Visitor

PAGE = Page("/", "首页", "首页", order=0)
WORDS = (
    "本平台汇集西安市二手车出口从收购、许可、报关到结关、退税各环节的信息，供商务、海关、税务、车管等部门与出口企业共用。"
    "屏幕上的数字每分钟更新，并随时与事务库核对；是否对平，每个画面上都写明。"
)


def layout(declared: tuple[Page, ...], visitor: Visitor) -> html.Main:
    """One paragraph, the figures of the minute, and a list of the ways in."""
    title = html.H1("西安市二手车信息共享服务平台")
    figures = html.Section(Live(id=ids.HOME_FIGURES), className="now", **labelled("本年累计"))
    return html.Main(
        [title, html.P(WORDS, className="lead"), figures, ways_in(declared, visitor)], className="page home"
    )


def ways_in(declared: tuple[Page, ...], visitor: Visitor) -> html.Ul:
    """A hairline list of links."""
    rows = [way(dcc.Link(page.name, href=page.path), page.summary) for page in declared if page.path != PAGE.path]
    if visitor.demo and not visitor.signed_in:
        rows.insert(0, way(html.A("打开演示大屏", href="/demo/screen"), "不必登录，以演示数据查看大屏"))
    rows.append(way(html.A("统计接口", href="/api/v1/"), "按时间、国别、车型、企业取数，返回 JSON"))
    return html.Ul(rows, className="ways")


def way(link: dcc.Link | html.A, words: str) -> html.Li:
    """One way in, with what is behind it."""
    return html.Li([link, html.Span(words)])
