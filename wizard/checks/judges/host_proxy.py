"""The proxy settings of the machine that is set up, in all the places that keep one (asr-facts PRX-03, PRX-04)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

_PLACES = {
    "host.proxy.winhttp": Text(_("Windows services (WinHTTP)")),
    "host.proxy.system": Text(_("the account SYSTEM")),
    "host.proxy.site_recovery": Text(_("Site Recovery Provider")),
    "host.proxy.backup_agent": Text(_("Recovery Services agent")),
}


@judge("same_proxy")
def judge_same_proxy(facts: Facts, params: Params) -> Verdict:
    """Fact identity.proxy, and those of host.proxy.* that can be set at that time."""
    planned = _spot(facts["identity.proxy"])
    found = {place: _setting(facts[place]) for place in _PLACES if place in facts}
    others = {place: spot for place, spot in found.items() if spot != planned}
    return Verdict(
        status="fail" if others else "pass",
        summary=Text(_("Every part of the machine uses the proxy that was entered."))
        if not others
        else Text(_("These use another proxy than was entered: %(places)s."), places=_names(others)),
        observed=_tell(next(iter(others.values()), planned)),
        expected=_tell(planned),
        details=tuple(
            Text("%(place)s: %(proxy)s", place=_PLACES[place], proxy=_tell(spot))
            for place, spot in others.items()
        ),
    )


@judge("proxy_bypass")
def judge_proxy_bypass(facts: Facts, params: Params) -> Verdict:
    """Facts vcenter.reach {address} and those of host.proxy.system and host.proxy.site_recovery that are set.

    Where no proxy is set, nothing stands between; where one is, its exceptions must name vCenter.
    """
    address = facts["vcenter.reach"]["address"]
    lists = {
        place: facts[place]["bypass"]
        for place in ("host.proxy.system", "host.proxy.site_recovery")
        if place in facts and _setting(facts[place])
    }
    lacking = [place for place, bypass in lists.items() if not _passes_by(address, bypass)]
    return Verdict(
        status="fail" if lacking else "pass",
        summary=Text(_("No proxy stands between the machine and %(address)s."), address=address)
        if not lacking
        else Text(
            _("%(address)s is missing from the exceptions of: %(places)s."),
            address=address,
            places=_names(lacking),
        ),
        observed=Text("%(lists)s", lists=[bypass or "-" for bypass in lists.values()])
        if lists
        else Text(_("no proxy")),
        expected=Text(_("%(address)s among the exceptions"), address=address),
    )


def _setting(value: Any) -> str:
    """The proxy of one place as "host:port"; "" for none."""
    if not value:
        return ""
    if isinstance(value, str):
        return _spot(value)
    if "enabled" in value:
        return _spot(value["server"]) if value["enabled"] else ""
    server, port = _spot(value.get("address") or value.get("server")), value.get("port")
    return f"{server}:{port}" if server and port and ":" not in server else server


def _spot(proxy: str | None) -> str:
    """ "proxy:3128" of "http://Proxy:3128/", or of Windows' "http=proxy:3128;https=proxy:3128"."""
    first = (proxy or "").split(";")[0].strip().lower()
    bare = first.rpartition("=")[2].removeprefix("http://").rstrip("/")
    return "" if bare == "direct" else bare


def _passes_by(address: str, bypass: str) -> bool:
    address = address.lower()
    patterns = [item.strip().lower() for item in bypass.replace(",", ";").split(";") if item.strip()]
    return any(
        fnmatchcase(address, pattern.rpartition("://")[2]) or (pattern == "<local>" and "." not in address)
        for pattern in patterns
    )


def _tell(spot: str) -> Text:
    return Text("%(spot)s", spot=spot) if spot else Text(_("direct connection"))


def _names(places: Any) -> list[Text]:
    return [_PLACES[place] for place in places]
