"""Every column about people: what it is for, on what legal ground it is kept, and how confidential it is.

A column that is not listed here must not exist (个人信息保护法 第六条: no more than the purpose needs).
"""

from typing import NamedTuple

from backend.administration.labels import INTERNAL, PUBLIC_DATA, SENSITIVE

DUTY = "《个人信息保护法》第十三条第一款第三项（履行法定职责所必需）"
STAFF = "《个人信息保护法》第十三条第一款第二项、第三项（人员管理与履行法定职责所必需）"
SAFETY = "《个人信息保护法》第五十一条（保护个人信息的技术措施）"
# The text of 2016 is named because the amended one numbers its articles anew.
LOGS = "《网络安全法》（2016 年文本）第二十一条第三项（留存网络日志不少于六个月）"
GRADED = "《网络安全法》（2016 年文本）第二十一条；GB/T 22239-2019 8.1.4.1、8.1.4.2（身份鉴别、访问控制）"
SEPARATE = "GB/T 22239-2019 8.1.4.2（权限分离，由授权主体配置访问控制策略）"
UNITS = "《企业信息公示暂行条例》第六条（登记信息公示）"


class Field(NamedTuple):
    """Purpose, legal basis, and data class: 0 public, 1 internal, 2 sensitive."""

    purpose: str
    basis: str
    data_class: int


def _fields(basis: str, data_class: int, **purposes: str) -> dict[str, Field]:
    return {column: Field(purpose, basis, data_class) for column, purpose in purposes.items()}


CATALOGUE: dict[str, dict[str, Field]] = {
    "organisation": {
        **_fields(UNITS, PUBLIC_DATA, name="显示单位名称", uscc="与报关单、备案名册对应", kind="决定可以担任的角色"),
        **_fields(
            DUTY,
            INTERNAL,
            id="区分单位，不含身份信息",
            office="对应车辆管理所",
            district="限定区县可见的数据",
            created_at="记录建立时间",
            closed_at="撤销后其人员不能登录",
            version="防止两人同时修改互相覆盖",
            changed_at="记录修改时间",
        ),
    },
    "account": {
        **_fields(
            STAFF,
            INTERNAL,
            id="区分账号，不含身份信息",
            login_name="登录",
            login_key="防止登录名只差大小写或全半角",
            organisation_id="限定可见的数据",
            name_sealed="确认账号由谁使用，审计追责",
            created_at="记录建立时间，计算闲置天数",
            changed_at="记录修改时间，计算闲置天数",
            version="防止两人同时修改互相覆盖",
        ),
        **_fields(
            STAFF,
            SENSITIVE,
            phone_sealed="账号异常时联系本人",
            id_no_sealed="核对单点登录的自然人身份",
            id_no_index="查重与单点登录绑定，不能反推证件号",
        ),
        **_fields(
            GRADED,
            INTERNAL,
            state="停用、注销账号",
            state_why="说明停用或注销的原因",
            clearance="限定可读的数据等级",
            must_change="首次登录和重置后强制改密码",
            demo="区分演示账号",
            seen_at="清理闲置账号",
        ),
    },
    "account_password": _fields(
        GRADED, SENSITIVE, account_id="属于哪个账号", at="计算有效期", hash="核对密码，防止重复使用"
    ),
    "account_factor": _fields(
        GRADED,
        SENSITIVE,
        account_id="属于哪个账号",
        secret_sealed="核对动态口令",
        confirmed_at="区分是否完成绑定",
        last_counter="拒绝用过的动态口令",
    ),
    "account_session": {
        **_fields(
            GRADED,
            INTERNAL,
            digest="核对会话，不能反推会话号",
            account_id="属于哪个账号",
            seen_at="无操作时退出",
            stage="登录走到哪一步",
        ),
        **_fields(
            LOGS,
            INTERNAL,
            begun_at="登录时间",
            ended_at="退出时间",
            ended_why="退出原因",
            address="登录地址，查明异常登录",
            agent="登录设备，供本人辨认",
            method="登录方式",
        ),
        **_fields(SAFETY, SENSITIVE, sso_ref_sealed="退出时通知统一身份认证", sso_index="响应对方发起的退出"),
    },
    "sign_in_attempt": _fields(
        LOGS,
        INTERNAL,
        id="区分每次尝试",
        at="统计时段内的失败次数",
        login_key="按账号计数",
        address="按地址计数",
        outcome="成功或失败",
    ),
    "sign_in_lock": _fields(GRADED, INTERNAL, subject="被锁定的账号或地址", at="锁定时间", until="自动解锁时间"),
    "sso_binding": {
        **_fields(
            DUTY,
            INTERNAL,
            id="区分申请",
            provider="来自哪个统一身份认证",
            state="等待、已绑定或已驳回",
            account_id="绑定到哪个账号",
            kind="自然人或法人",
            uscc="法人对应的单位",
            name_sealed="审批时核对是谁",
            asked_at="申请时间",
            detail="对方给出的实名等级和单位名称",
        ),
        **_fields(DUTY, SENSITIVE, subject="识别同一用户，不能反推对方的用户号", id_no_index="与账号的证件号比对"),
        **_fields(SEPARATE, INTERNAL, decided_by="由谁批准或驳回", decided_at="批准或驳回时间"),
    },
    "role_grant": _fields(
        SEPARATE,
        INTERNAL,
        id="区分申请",
        account_id="授予哪个账号",
        role="授予什么角色",
        state="申请、有效、驳回或收回",
        asked_by="由谁申请",
        asked_at="申请时间",
        decided_by="由谁批准或驳回，不能是申请人或本人",
        decided_at="批准或驳回时间",
        ended_by="由谁收回",
        ended_at="收回时间",
        reason="申请、批准、收回的理由",
    ),
    "activity": _fields(
        LOGS,
        INTERNAL,
        hour="按小时统计",
        account_id="由谁使用",
        function="使用什么功能",
        role="按角色统计",
        organisation_id="按单位统计",
        visits="使用次数",
    ),
}
