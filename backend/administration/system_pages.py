"""The blueprint that the pages of settings, codes and audit share."""

from flask import Blueprint

from backend.frame.stopped import say_where_it_stopped

system = Blueprint("system", __name__, url_prefix="/administration", template_folder="templates")
say_where_it_stopped(system, "/administration", "管理首页")
