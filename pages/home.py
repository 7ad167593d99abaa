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
    parts = [title, html.P(WORDS, className="lead"), *figures(visitor), ways_in(declared, visitor)]
    return html.Main(parts, className="page home")


def figures(visitor: Visitor) -> list[html.Section]:
    """The city's figures for those who answer for the city, an enterprise's own for its people, none for others."""
    if visitor.may("view:overview"):
        return [html.Section(Live(id=ids.HOME_FIGURES), className="now", **labelled("本年累计"))]
    if visitor.may("view:own"):
        return [html.Section(Live(id=ids.HOME_OWN), className="now", **labelled("本企业本年累计"))]
    return []


def ways_in(declared: tuple[Page, ...], visitor: Visitor) -> html.Ul:
    """A hairline list of links."""
    shown = [page for page in declared if page.path != PAGE.path and visitor.may(page.permission)]
    rows = [way(dcc.Link(page.name, href=page.path), page.summary) for page in shown]
    rows += [way(html.A(name, href=path), summary) for path, name, summary in visitor.entries]
    if visitor.signed_in:
        rows.append(way(html.A("我的账号", href="/account"), "密码、动态口令与登录过的设备"))
    elif visitor.demo:
        rows.insert(0, way(html.A("登录", href="/sign-in"), "用账号或演示角色登录，打开各自的功能"))
    return html.Ul(rows, className="ways")


def way(link: dcc.Link | html.A, words: str) -> html.Li:
    """One way in, with what is behind it."""
    return html.Li([link, html.Span(words)])
