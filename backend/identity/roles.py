"""Who may do what: every permission and every role, declared once. A permission is a verb on a thing."""

from dataclasses import dataclass

from backend.models.people import THREE_ADMINISTRATORS

PUBLIC = "public"  # Open to everybody.
SELF = "self"  # Open to whoever is signed in: the own account, and the parts that every page shares.

PERMISSIONS = {
    "view:wall": "查看全景大屏",
    "view:overview": "查看全市汇总数字",
    "view:own": "查看本企业数字",
    "read:declarations": "查看报关单明细",
    "read:statistics": "读取统计接口",
    "read:accounts": "查看账号",
    "manage:accounts": "建立、修改、停用账号",
    "reveal:personal": "查看个人信息原文（须写明理由，留痕）",
    "manage:organisations": "维护单位",
    "ask:roles": "提出授予或收回角色",
    "decide:roles": "批准或驳回角色与单点登录绑定",
    "read:roles": "查看角色与权限表",
    "read:sessions": "查看在线会话",
    "end:sessions": "结束他人会话",
    "change:configuration": "修改运行设置",
    "change:policy": "修改安全策略",
    "manage:tokens": "管理大屏令牌与接口令牌",
    "read:codes": "查看代码表与字典",
    "change:codes": "维护字典",
    "read:audit": "检索审计日志",
    "export:audit": "导出审计日志",
    "read:behaviour": "查看用户行为统计",
    "read:alerts": "查看告警",
    "handle:alerts": "处理告警",
}


@dataclass(frozen=True)
class Role:
    """A set of permissions. `kinds` are the kinds of organisation whose people may hold it; none for a program's role.

    `second_factor`: nobody holds the role without a confirmed one-time password (GB/T 22239 8.1.4.1 d).
    """

    key: str
    label: str
    permissions: frozenset[str]
    kinds: tuple[str, ...] = ()
    second_factor: bool = False

    @property
    def administrator(self) -> bool:
        """Whether this is one of the three administrators, who exclude each other and every other role."""
        return self.key in THREE_ADMINISTRATORS


def _role(key: str, label: str, permissions: str, kinds: str = "", second_factor: bool = False) -> Role:
    wanted = frozenset(permissions.split())
    if unknown := wanted - set(PERMISSIONS):
        raise ValueError(f"角色 {key} 使用了没有声明的权限：{unknown}")
    return Role(key, label, wanted, tuple(kinds.split()), second_factor)


ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        _role("declarant", "企业申报员", "view:own", "enterprise"),
        _role("enterprise_admin", "企业管理员", "view:own", "enterprise"),
        _role("vehicle_office", "车管所", "", "vehicle_office", True),
        _role("leader", "商务主管领导", "view:wall view:overview read:declarations", "commerce", True),
        _role("analyst", "商务分析员", "view:wall view:overview read:declarations", "commerce", True),
        _role("reviewer", "商务审核员", "view:overview read:declarations", "commerce", True),
        _role("monitor", "监测值守", "view:wall view:overview read:alerts handle:alerts", "platform commerce"),
        _role("appraiser", "评估鉴定机构", "", "appraisal"),
        _role("market", "交易市场", "", "market"),
        _role(
            "system_admin",
            "系统管理员",
            "read:accounts manage:accounts reveal:personal manage:organisations ask:roles read:roles "
            "change:configuration manage:tokens read:codes change:codes read:alerts",
            "platform",
            True,
        ),
        _role(
            "security_admin",
            "安全管理员",
            "decide:roles read:roles read:sessions end:sessions change:policy read:alerts",
            "platform",
            True,
        ),
        _role("audit_admin", "审计管理员", "read:audit export:audit read:behaviour", "platform", True),
        _role("wall", "大屏", "view:wall view:overview"),
        _role("commerce", "商务主管部门接口", "read:statistics"),
        _role("enterprise", "企业接口", "read:statistics"),
    )
}
PEOPLE = {key: role for key, role in ROLES.items() if role.kinds}
PROGRAMS = {key: role for key, role in ROLES.items() if not role.kinds}

ORGANISATIONS = {
    "enterprise": "二手车出口企业",
    "vehicle_office": "公安机关车辆管理所",
    "commerce": "商务主管部门",
    "appraisal": "评估鉴定机构",
    "market": "交易市场",
    "platform": "平台运行单位",
}


def permissions_of(roles: tuple[str, ...] | list[str]) -> frozenset[str]:
    """What somebody with these roles may do."""
    return frozenset().union(*(ROLES[role].permissions for role in roles if role in ROLES))


def roles_clash(held: tuple[str, ...] | list[str], wanted: str) -> bool:
    """Whether the wanted role may not join the held ones: an administrator holds exactly one role."""
    return any(ROLES[role].administrator or ROLES[wanted].administrator for role in held if role != wanted)
