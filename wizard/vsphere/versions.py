"""Which API version to speak: the newest that both sides know."""

from __future__ import annotations

from lxml import etree
from pyVmomi.VmomiSupport import GetServiceVersions, versionIdMap

OLDEST = "vim.version.version9"  # vSphere 5.5: the least that this room speaks; every later server accepts it


def newest_common(document: bytes) -> str | None:
    """pyVmomi's name of the newest version in `/sdk/vimServiceVersions.xml`; None if it is no such document."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        return None
    offered = {
        version.text
        for namespace in root.findall("namespace")
        if namespace.findtext("name") == "urn:vim25"
        for version in (*namespace.findall("version"), *namespace.findall("priorVersions/version"))
    }
    names: list[str] = GetServiceVersions("vim25")  # type: ignore[no-untyped-call]
    return next((name for name in names if versionIdMap[name] in offered), None)
