"""Addresses in Azure: reached or not, and where the way ends (asr-facts 3.6 to 3.8).

What counts is the way of the machine that is set up. Until that machine has been looked at, this server's own way
stands for it; what that machine had no time to try is not known, whatever can be reached from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _, verbatim

Seen = Mapping[str, Any]

_HTTP_PORT, _NTP_PORT = 80, 123

# How the collectors' error begins when their time ran out before an address was tried.
_NOT_TRIED = "not tried"


@judge("endpoint")
def judge_endpoint(facts: Facts, params: Params) -> Verdict:
    """Fact urls.reach, hints host.reach.endpoints and host.time.ntp.

    Parameters endpoints (the ids of this row), hosts (their patterns) and tried (id, host, port, pattern), in one order,
    and unless (a fact and the value with which nothing must be reached). An example of ours that DNS does not
    know proves nothing about the pattern: then the row is not known. A pattern without any public host is only
    mentioned while another one of the row was tried.
    """
    hosts = params["hosts"]
    if any(facts.get(fact) == value for fact, value in params["unless"].items()):
        return Verdict(
            status="pass",
            summary=Text(_("Not needed: what would be downloaded there is placed on the machine by hand.")),
            observed=Text(_("not needed")),
            expected=Text(_("every one reached")),
        )
    items = list(_views(facts, params))
    untried = [item for item in items if _untried(item)]
    closed = [item for item in items if not (item["reached"] or _vanished(item) or _untried(item))]
    vanished = [item for item in items if _vanished(item)]
    reached = [item for item in items if item["reached"]]
    status: VerdictStatus
    if closed:
        status = "fail"
        names = [item["host"] for item in closed]
        summary = (
            Text(_("%(hosts)s cannot be reached from the machine that is set up."), hosts=names)
            if any(item["from_target"] for item in closed)
            else Text(_("%(hosts)s cannot be reached from here."), hosts=names)
        )
    elif untried:
        status = "unknown"
        summary = Text(
            _("The machine did not try %(name)s; collect its facts again."),
            name=[item["host"] for item in untried],
        )
    elif vanished or not items:
        status = "unknown"
        summary = Text(
            _("No public host below %(hosts)s can be tried from here; try the name of your own account."),
            hosts=[item["pattern"] for item in vanished] or hosts,
        )
    elif all(item["from_target"] for item in items):
        status = "pass"
        summary = Text(_("%(hosts)s can be reached from the machine that is set up."), hosts=hosts)
    else:
        status, summary = "pass", Text(_("%(hosts)s can be reached from here."), hosts=hosts)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(reached)s of %(all)s reached"), reached=len(reached), all=len(items)),
        expected=Text(_("every one reached")),
        details=(
            *(_tell(item) for item in (*closed, *untried, *vanished, *reached)),
            *(
                Text(_("%(host)s: no public host is known below it, so it was not tried."), host=pattern)
                for endpoint_id, pattern in zip(params["endpoints"], hosts, strict=True)
                if endpoint_id not in {item["endpoint_id"] for item in items}
            ),
        ),
    )


@judge("any_endpoint")
def judge_any_endpoint(facts: Facts, params: Params) -> Verdict:
    """Fact urls.reach, hint host.reach.endpoints; parameter tried (id, host, port, pattern): one of them is enough.

    Each cloud has its own address for the same purpose, and only that of the deployment's cloud is tried.
    """
    items = [item for item in _views(facts, params) if not _untried(item)]
    reached = [item for item in items if item["reached"]]
    return Verdict(
        status="pass" if reached else "fail" if items else "unknown",
        summary=Text(_("%(hosts)s can be reached."), hosts=[item["host"] for item in reached])
        if reached
        else Text(_("%(hosts)s cannot be reached."), hosts=[item["host"] for item in items])
        if items
        else Text(_("None of the addresses was tried.")),
        observed=Text(_("%(reached)s of %(all)s reached"), reached=len(reached), all=len(items)),
        expected=Text(_("every one reached")),
        details=tuple(_tell(item) for item in items),
    )


def _views(facts: Facts, params: Params) -> Iterator[Seen]:
    """For each endpoint what the target saw, else what this server saw; nothing where neither tried it."""
    own = {item["endpoint_id"]: item for item in facts["urls.reach"]}
    for endpoint_id, host, port, pattern in params["tried"]:
        seen = own.get(endpoint_id)
        theirs = _ask_target(facts, host, port)
        if theirs is not None:
            yield {
                "endpoint_id": endpoint_id,
                "host": host,
                "pattern": pattern,
                "example": pattern.startswith("*."),
                "from_target": True,
                **theirs,
            }
        elif seen is not None:
            yield {**seen, "from_target": False}


def _ask_target(facts: Facts, host: str, port: int) -> Seen | None:
    """What the collector on the target says about a host, in the terms of urls.reach; None if nothing."""
    if port == _NTP_PORT:
        for item in facts.get("host.time.ntp", ()):
            if item["server"].lower() == host.lower():
                reached = item["offset_s"] is not None
                return _target_view(reached, None if reached else "silent", item["error"])
        return None
    for item in facts.get("host.reach.endpoints", ()):
        if (item["host"].lower(), item["port"]) == (host.lower(), port):
            if (item["error"] or "").startswith(_NOT_TRIED):
                return _target_view(False, "not_tried", item["error"])
            # The collector speaks TLS to every port: where none is spoken, a connection is all it can get.
            plain = port == _HTTP_PORT and item["tcp"]
            reached = item["http_status"] is not None or item["tls"] or plain
            unnamed = not reached and not item["dns"] and not item["via_proxy"]
            failure = None if reached else "no_such_name" if unnamed else "closed"
            return _target_view(reached, failure, item["error"])
    return None


def _target_view(reached: bool, failure: str | None, error: str | None) -> Seen:
    detail = (
        Text(_("the machine that is set up reached it"))
        if reached
        else verbatim(error)
        if error
        else Text(_("the machine that is set up got no answer"))
    )
    return {"reached": reached, "failure": failure, "detail": detail, "remedy": Text("")}


def _untried(item: Mapping[str, Any]) -> bool:
    return bool(item["failure"] == "not_tried")


def _vanished(item: Mapping[str, Any]) -> bool:
    return bool(item["example"] and not item["reached"] and item["failure"] == "no_such_name")


def _tell(item: Mapping[str, Any]) -> Text:
    if item["remedy"]:
        return Text(
            "%(host)s: %(detail)s %(remedy)s", host=item["host"], detail=item["detail"], remedy=item["remedy"]
        )
    return Text("%(host)s: %(detail)s", host=item["host"], detail=item["detail"])
