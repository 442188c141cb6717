"""vSphere's data objects as plain JSON that is the same whenever the object is: what digests are made of."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from pyVmomi import vim
from pyVmomi.VmomiSupport import DataObject, ManagedObject

Secret = Callable[[str], str]
_NEVER_SET = ("dynamicType", "dynamicProperty")
# Fields that hold keys of devices. Those of devices yet to be made are negative, and other ones each time.
_DEVICE_KEYS = ("key", "controllerKey", "device")


class Canonical:
    """Makes plain JSON of one specification.

    Objects become `{"_type": name, field: value}` without what is unset, references `{"_ref": type, "moid": id}`, and
    keys of devices that do not exist yet -1, -2, … in the order of their appearance. `secret` takes the place of the
    values of password properties, and of every word in `passwords`: they are never told as they are. `password_keys`
    names password properties as the template does, `class.key.instance`: not every server passes on that they are some.
    """

    def __init__(
        self, *, secret: Secret, passwords: Collection[str] = (), password_keys: Collection[str] = ()
    ) -> None:
        self._secret = secret
        self._password_keys = frozenset(password_keys)
        self._passwords = frozenset(password for password in passwords if password)
        self._new_devices: dict[int, int] = {}

    def of(self, value: Any) -> Any:
        """The JSON of a value."""
        if isinstance(value, ManagedObject):
            return {"_ref": type(value)._wsdlName, "moid": str(value._moId)}
        if isinstance(value, DataObject):
            return self._object(value)
        if isinstance(value, list | tuple):
            return [self.of(item) for item in value]
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, bytes | bytearray):
            return base64.b64encode(value).decode("ascii")
        if isinstance(value, bool | float) or value is None:
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, str):
            return self._secret(value) if value in self._passwords else str(value)
        # Names of types and properties: words, too.
        return str(getattr(value, "_wsdlName", value))

    def _object(self, value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"_type": type(value)._wsdlName}
        hidden = isinstance(value, vim.vApp.PropertyInfo) and self._is_password(value)
        for item in type(value)._GetPropertyList():
            name, content = item.name, getattr(value, item.name)
            if name in _NEVER_SET or content is None or (isinstance(content, list) and not content):
                continue
            if hidden and name in ("value", "defaultValue") and content:
                found[name] = self._secret(str(content))
            elif name in _DEVICE_KEYS:
                found[name] = self._keys(content)
            else:
                found[name] = self.of(content)
        return found

    def _is_password(self, value: Any) -> bool:
        key = ".".join(part for part in (value.classId, value.id, value.instanceId) if part)
        return key in self._password_keys or str(value.type or "").startswith("password")

    def _keys(self, content: Any) -> Any:
        if isinstance(content, list):
            return [self._keys(item) for item in content]
        if isinstance(content, int) and content < 0:
            return self._new_devices.setdefault(int(content), -1 - len(self._new_devices))
        return self.of(content)


def digest(value: Any) -> str:
    """SHA-256 of a JSON value in its one canonical spelling; lower-case hexadecimal."""
    spelled = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(spelled.encode("ascii")).hexdigest()
