"""Pages of people and rights: the blueprint with every view of it, and their place in the navigation."""

from backend.administration import account_deeds, account_views, organisation_views, role_views, session_views
from backend.administration.people_pages import people
from backend.frame.page import Entry

# A view stands in the blueprint once its module has been read.
PARTS = (account_deeds, account_views, organisation_views, role_views, session_views)
__all__ = ["NAVIGATION", "PARTS", "people"]

NAVIGATION = [
    Entry("/administration/accounts", "账号", "people.accounts", "建立、停用、注销账号，重置密码，申请角色"),
    Entry("/administration/organisations", "单位", "people.organisations", "使用平台的企业、车管所、商务主管部门等"),
    Entry("/administration/roles", "角色", "people.roles", "谁有什么权限，待批的角色申请，角色持有人"),
    Entry("/administration/bindings", "绑定申请", "people.bindings", "批准或驳回统一身份认证用户与账号的绑定"),
    Entry("/administration/sessions", "在线会话", "people.sessions", "此刻谁在登录，结束可疑的会话"),
    Entry("/administration/tokens", "令牌", "people.tokens", "大屏与接口使用的令牌，发放与吊销"),
]
