"""Chinese names of what people use: the longest beginning of an endpoint, page or callback that is listed counts."""

OTHER = "other"
UNNAMED = "其他功能"

# Endpoints as Flask has them, addresses of screens, and outputs of the screens' callbacks (without leading dots).
FUNCTIONS = {
    "/wall": "全景大屏",
    "wall-": "全景大屏",
    "screens.": "全景大屏",
    "proof": "数字的凭证",
    "asof": "大屏回看",
    "/behaviour": "用户行为统计",
    "behaviour-": "用户行为统计",
    "content.": "打开页面",
    "ribbon.": "打开页面",
    "home-": "首页",
    "door.": "登录与本人账号",
    "sso.": "单点登录",
    "api.": "统计接口",
    "administration.": "管理首页",
    "people.": "账号",
    "people.role": "角色与权限",
    "people.rights": "角色与权限",
    "people.holders": "角色与权限",
    "people.ask_for_role": "角色与权限",
    "people.decide_request": "角色与权限",
    "people.end_grant": "角色与权限",
    "people.binding": "单点登录绑定",
    "people.decide_one_binding": "单点登录绑定",
    "people.organisation": "单位",
    "people.new_organisation": "单位",
    "people.edit_organisation": "单位",
    "people.close_one": "单位",
    "people.reopen_one": "单位",
    "people.session": "在线会话",
    "people.end_one_session": "在线会话",
    "people.token": "令牌",
    "people.new_token": "令牌",
    "people.end_one_token": "令牌",
    "walls.": "大屏管理",
    "playlists.": "大屏播放单",
    "system.": "运行设置与日志",
    "system.configuration": "运行设置",
    "system.policy": "安全策略",
    "system.codes": "代码表",
    "system.dictionaries": "字典",
    "system.audit": "审计日志",
    "alerts.": "告警",
}
EXACT = {"/": "首页"}  # Every address begins with it.


def function_name(key: str) -> str:
    """The name of the function that an endpoint, address or callback output belongs to."""
    bare = key.lstrip(".")
    if bare in EXACT:
        return EXACT[bare]
    found = [beginning for beginning in FUNCTIONS if bare.startswith(beginning)]
    return FUNCTIONS[max(found, key=len)] if found else UNNAMED
