"""How audit lines are called in Chinese: the subject and the action of a tag; what is not listed stands for itself."""

from typing import NamedTuple

from backend.identity.roles import ROLES

SUBJECTS = {
    "sign-in": "登录",
    "session": "会话",
    "password": "密码",
    "factor": "动态口令",
    "account": "账号",
    "personal": "个人信息",
    "organisation": "单位",
    "role": "角色",
    "binding": "单点登录绑定",
    "token": "令牌",
    "screen": "大屏",
    "playlist": "播放单",
    "guard": "访问控制",
    "keys": "密钥",
    "first-run": "首次设置",
    "configuration": "设置",
    "code": "字典",
    "alert": "告警",
    "log": "审计日志",
    "archive": "审计归档",
    "declaration": "报关单",
    "vehicle": "车辆",
    "enterprises": "企业名册",
    "licences": "许可证",
    "registrations": "机动车登记",
    "rates": "汇率",
    "codes": "代码表",
    "document": "导入文件",
}
ACTIONS = {
    "password": "密码验证",
    "factor": "动态口令验证",
    "sso": "单点登录",
    "lock": "锁定",
    "begin": "开始",
    "end": "结束",
    "idle": "无操作退出",
    "aged": "到时退出",
    "change": "修改",
    "reset": "重置",
    "confirm": "确认绑定",
    "create": "建立",
    "list": "查看列表",
    "read": "查看",
    "reveal": "查看原文",
    "suspend": "停用",
    "resume": "恢复使用",
    "close": "注销",
    "reopen": "重新启用",
    "open": "登记",
    "ask": "申请",
    "decide": "审批",
    "bind": "绑定",
    "export": "导出",
    "revoke": "吊销",
    "refuse": "拒绝越权",
    "rotate": "更换",
    "finish": "完成",
    "add": "新增",
    "rename": "改名",
    "raise": "触发",
    "acknowledge": "认领",
    "resolve": "恢复",
    "search": "检索",
    "take": "收下",
    "hold": "待处理",
    "amend": "修改",
    "table": "导入表格",
    "write": "写出",
    "restore": "取回",
    "remove": "移出",
    "reload": "重新载入",
    "identify": "标识",
    "delete": "删除",
    "message": "发消息",
}
DETAILS = {
    "before": "原来",
    "after": "之后",
    "reason": "理由",
    "note": "说明",
    "name": "名称",
    "login_name": "登录名",
    "role": "角色",
    "kind": "类别",
    "rows": "行数",
    "line": "行号",
    "rule": "规则",
    "subject": "对象",
    "severity": "程度",
    "words": "内容",
    "until": "至",
    "valid_to": "有效至",
    "field": "项目",
    "evidence": "依据",
    "head_id": "链头行号",
    "method": "登录方式",
    "stage": "登录进度",
    "address": "网络地址",
    "clearance": "可读数据等级",
    "organisation": "单位",
    "organisation_id": "单位编号",
    "uscc": "统一社会信用代码",
    "office": "车管所代码",
    "district": "区县",
    "personal": "改动的个人信息",
    "accounts": "账号数",
    "tokens": "令牌数",
    "holders": "持有人数",
    "grant": "申请编号",
    "provider": "认证来源",
    "accepted": "是否批准",
    "scope": "数据范围",
    "page": "页码",
    "count": "条数",
    "new": "新增",
    "changed": "改动",
    "same": "未变",
    "on": "日期",
    "first": "首行",
    "last": "末行",
    "sm3": "文件摘要",
    "fields": "字段数",
    "since": "起",
    "person": "账号",
    "entity": "对象",
    "key": "对象编号",
    "text": "编号中含",
    "result": "结果",
    "tag": "标签开头",
    "number": "编号",
    "seconds": "秒数",
}
RESULTS = {"ok": "成功", "refused": "被拒绝", "failed": "失败"}


class Said(NamedTuple):
    """Subject and action as people call them."""

    subject: str
    action: str


def detail_name(key: str) -> str:
    """How a part of a line's detail is called."""
    return DETAILS.get(key, key)


def roles_said(roles: str | None) -> str:
    """The roles of a line, which are kept by their keys."""
    return "、".join(ROLES[key].label if key in ROLES else key for key in (roles or "").split(",") if key)


def said(tag: str) -> Said:
    """The words for a tag `source:subject:action`."""
    _, subject, action = [*tag.split(":"), "", ""][:3]
    known = ACTIONS.get(action)
    if known is None and action.startswith("receipt-"):
        known = f"回执 {action.removeprefix('receipt-')}"
    return Said(SUBJECTS.get(subject, subject), known or action)
