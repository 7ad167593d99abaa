"""Pages of the running system: settings, codes, dictionaries and the audit log, and their place in the navigation."""

from backend.administration import audit_views, code_views, configuration_views, dictionary_views
from backend.administration.system_pages import system
from backend.frame.page import Entry

# A view stands in the blueprint once its module has been read.
PARTS = (audit_views, code_views, configuration_views, dictionary_views)
__all__ = ["NAVIGATION", "PARTS", "system"]

NAVIGATION = [
    Entry("/administration/configuration", "运行设置", "system.configuration", "导出上限、每页行数等，可撤销"),
    Entry("/administration/policy", "安全策略", "system.policy", "登录、密码、会话与告警的限度，可撤销"),
    Entry("/administration/codes", "代码表", "system.codes", "国别、币制、关区等官方代码，可查旧值"),
    Entry("/administration/dictionaries", "字典", "system.dictionaries", "平台自用的选项，如停用原因"),
    Entry("/administration/audit", "审计日志", "system.audit", "谁在何时对什么做了什么，检索与导出"),
]
