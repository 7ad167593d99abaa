"""One record per VIN: where it was seen, the state that all sources give it, and the steps that users record."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from backend.audit.service import Line, write_lines
from backend.clearance.states import check_user_move
from backend.exchange.documents import chunks
from backend.models import declaration, goods_vehicle, licence_vehicle, registration, vehicle, vehicle_step
from backend.models.insertion import insert_new

ORDER = (
    "REGISTERED",
    "INSPECTED",
    "TRANSFERRED",
    "LICENSE_APPLIED",
    "LICENSED",
    "DECLARED",
    "PASSED",
    "EXAMINED",
    "RELEASED",
    "CLEARED",
    "VERIFIED",
    "DEREGISTERED",
    "REFUNDED",
    "WITHDRAWN",
)
# A declaration that customs sent back or deleted leaves the vehicle where it stood: it may be declared again.
OF_DECLARATION = {"SUBMITTED": "DECLARED", "LODGED": "DECLARED", "SUSPENDED": "EXAMINED"}
GONE = {"REJECTED", "DELETED"}


def see_vehicles(connection: Connection, at: datetime, seen: Iterable[tuple[str, str, str]]) -> None:
    """Open a record for each (vin, brand, model) that has none."""
    rows = {vin: {"vin": vin, "brand": brand, "model": model, "changed_at": at} for vin, brand, model in seen}
    insert_new(connection, vehicle, list(rows.values()))


def states_of(connection: Connection, vins: Sequence[str]) -> dict[str, str]:
    """The present state of each vehicle that any source knows."""
    evidence: dict[str, set[str]] = {}
    for part in chunks(vins):
        for vin, state in _evidence(connection, part):
            evidence.setdefault(vin, set()).add(state)
    return {vin: max(states, key=ORDER.index) for vin, states in evidence.items()}


def _evidence(connection: Connection, vins: Sequence[str]) -> Iterable[tuple[str, str]]:
    r, lv, gv, d, s = registration.c, licence_vehicle.c, goods_vehicle.c, declaration.c, vehicle_step.c
    for vin, transfer_on in connection.execute(select(r.vin, r.transfer_on).where(r.vin.in_(vins))):
        yield vin, "TRANSFERRED" if transfer_on else "REGISTERED"
    for (vin,) in connection.execute(select(lv.vin).where(lv.vin.in_(vins))):
        yield vin, "LICENSED"
    declared = select(gv.vin, d.state).join(declaration, d.id == gv.declaration_id).where(gv.vin.in_(vins))
    for vin, state in connection.execute(declared):
        if state not in GONE:
            yield vin, OF_DECLARATION.get(state, state)
    for vin, step in connection.execute(select(s.vin, s.step).where(s.vin.in_(vins))):
        yield vin, step


def record_step(connection: Connection, at: datetime, actor: str, vin: str, step: str, evidence: str) -> None:
    """A user records the next step of a vehicle with its evidence.

    Raises IllegalMove when the present state does not allow it.
    """
    check_user_move(states_of(connection, [vin]).get(vin), step)
    insert_new(connection, vehicle, [{"vin": vin, "changed_at": at}])
    connection.execute(insert(vehicle_step).values(vin=vin, step=step, at=at, actor=actor, evidence=evidence))
    write_lines(connection, at, [Line(actor, f"clearance:vehicle:{step.lower()}", vin, detail={"evidence": evidence})])
