"""How a view says who may use it, and how it learns who asks. A view that says nothing is refused by the guard."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g
from sqlalchemy import Engine

from backend.crypto.keys import Keys
from backend.identity.principal import Principal
from backend.identity.roles import PERMISSIONS, PUBLIC, SELF

View = TypeVar("View", bound=Callable[..., Any])


def allow(permission: str, stages: tuple[str, ...] = ("full",), program: bool = False) -> Callable[[View], View]:
    """Declare the permission of a view (below the route decorator).

    stages: how far a sign-in must have come. program: also open to a program's Bearer token.
    Raises ValueError for a permission that nobody declared.
    """
    if permission not in PERMISSIONS and permission not in (PUBLIC, SELF):
        raise ValueError(f"没有声明的权限：{permission}")

    def mark(view: View) -> View:
        view.permission, view.stages, view.program = permission, stages, program  # type: ignore[attr-defined]
        return view

    return mark


def permission_of(app: Flask, endpoint: str) -> str | None:
    """The declared permission of an endpoint; None when nobody declared one."""
    granted: dict[str, str] = app.extensions.setdefault("granted", {})
    found = granted.get(endpoint) or getattr(app.view_functions.get(endpoint), "permission", None)
    return cast("str | None", found)


def grant(app: Flask, endpoint: str, permission: str) -> None:
    """Declare the permission of an endpoint whose view is not ours."""
    app.extensions.setdefault("granted", {})[endpoint] = permission


def principal() -> Principal:
    """Who asks; only inside a view that the guard let somebody into."""
    found: Principal = g.principal
    return found


def engine() -> Engine:
    """The transaction database of this application."""
    found: Engine = current_app.extensions["engine"]
    return found


def keys() -> Keys:
    """The keys of this application."""
    found: Keys = current_app.extensions["keys"]
    return found
