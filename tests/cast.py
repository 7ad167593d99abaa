"""The people of the tests, made directly in the tables: organisations, accounts, roles, second factors."""

import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Engine, insert

from backend.crypto.fields import blind_index, seal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity import passwords
from backend.identity.sign_in import login_key
from backend.models import account, account_factor, account_password, organisation, role_grant

PASSWORD = "Xa#7-sandstone"  # of everybody in the tests
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of every second factor in the tests


@cache
def hashed() -> str:
    """What the database holds of everybody's password: hashing is slow on purpose, and once is enough."""
    return passwords.HASHER.hash(PASSWORD)


@dataclass
class Cast:
    """Makes organisations and people directly in the tables; ids by name."""

    engine: Engine
    keys: Keys
    places: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def place(self, kind: str, name: str, **more: Any) -> str:
        """An organisation; the same name gives the same one."""
        if name not in self.places:
            self.places[name] = uuid.uuid4().hex
            row = {"id": self.places[name], "kind": kind, "name": name, "created_at": now(), "version": 1, **more}
            with writing(self.engine) as connection:
                connection.execute(insert(organisation).values(**row, changed_at=now()))
        return self.places[name]

    def person(self, login: str, place: str, *roles: str, factor: bool = False, **more: Any) -> str:
        """An account with password and roles in force; with a confirmed second factor if wanted."""
        identity = self.people[login] = uuid.uuid4().hex
        personal = {}
        if "phone" in more:
            personal["phone_sealed"] = seal(self.keys, f"account.phone:{identity}", more.pop("phone"))
        if "id_no" in more:
            number = more.pop("id_no")
            personal["id_no_sealed"] = seal(self.keys, f"account.id_no:{identity}", number)
            personal["id_no_index"] = blind_index(self.keys, "id_no", number)
        row = {
            "id": identity, "login_name": login, "login_key": login_key(login), "organisation_id": place,
            "state": "active", "name_sealed": seal(self.keys, f"account.name:{identity}", "张三丰"),
            "clearance": 1, "must_change": False, "demo": False, "created_at": now(), "version": 1,
            "changed_at": now(), **personal, **more,
        }  # fmt: skip
        with writing(self.engine) as connection:
            connection.execute(insert(account).values(row))
            connection.execute(insert(account_password).values(account_id=identity, at=now(), hash=hashed()))
            for role in roles:
                grant = {"account_id": identity, "role": role, "state": "active", "asked_by": "t", "asked_at": now()}
                connection.execute(insert(role_grant).values(**grant, decided_by="u", decided_at=now()))
            if factor:
                sealed = seal(self.keys, f"account_factor.secret:{identity}", SECRET)
                values = {"account_id": identity, "secret_sealed": sealed, "confirmed_at": now(), "last_counter": 0}
                connection.execute(insert(account_factor).values(values))
        return identity
