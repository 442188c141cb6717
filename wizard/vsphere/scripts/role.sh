#!/bin/sh
# Makes a role with exactly the privileges below, or changes the role of that name into that, and assigns it to one account.
# What the account had itself on these objects is replaced; groups, other accounts and other objects stay as they are.
# It can be run again at any time; nothing is changed where everything is so already.
#
# Needs govc (https://github.com/vmware/govmomi) on the path, and in the environment an account that may change roles and
# permissions: GOVC_USERNAME and GOVC_PASSWORD. GOVC_TLS_CA_CERTS or GOVC_TLS_KNOWN_HOSTS say whom to trust.

set -eu

GOVC_URL=${GOVC_URL:-@@url@@}
export GOVC_URL
instance=@@instance@@
role=@@role@@
principal=@@principal@@

# Stops here where vCenter cannot be reached or does not let the account in.
about=$(govc about)
# In another vCenter the same ids are other objects.
if [ -n "$instance" ] && ! printf '%s\n' "$about" | grep -Fqi -- "$instance"; then
  printf '%s\n' "$GOVC_URL is not the vCenter that this script was made for (instance $instance). Nothing was changed." >&2
  exit 1
fi

# System.* belongs to every role. What this release of vCenter does not know, it would refuse.
known=$(govc role.ls Admin)
set --
for id in \
@@privileges@@
; do
  if printf '%s\n' "$known" | grep -Fqx -- "$id"; then
    set -- "$@" "$id"
  else
    printf '%s\n' "This vCenter does not know the privilege $id; the role goes without it." >&2
  fi
done

if govc role.ls -- "$role" >/dev/null 2>&1; then
  govc role.update -- "$role" "$@"
else
  govc role.create -- "$role" "$@"
fi

# Which role, whether it holds for everything below, on which object.
assign() {
  govc permissions.set -i -principal="$principal" -role="$1" -propagate="$2" -- "$3"
}

@@grants@@
