#!/usr/bin/env bash
# The task API by hand: a token, a credential, a deployment, an answer, a task, its log. Needs curl and python3.
#
#   FOOTHOLD_TOKEN=$(.venv/bin/python manage.py token create operator --name walk --scope operate) examples/walk_through.sh
#
# Foothold is asked at FOOTHOLD_URL, else at http://localhost:8000. The lab of `make run` is enough; VCENTER names another
# vCenter or ESXi host to look at.
set -euo pipefail
api="${FOOTHOLD_URL:-http://localhost:8000}/api/v1"
vcenter="${VCENTER:-127.0.0.1:8989}"
name="${1:-walk-through}"

call() { # METHOD PATH [more of curl's options]; a refusal is shown and ends the walk
    local method=$1 path=$2
    shift 2
    curl --silent --show-error --fail-with-body -X "$method" "$api$path" \
        -H "Authorization: Bearer $FOOTHOLD_TOKEN" -H 'Content-Type: application/json' "$@"
}
field() { # NAME: one member of the JSON object that comes in
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

echo "== Which profiles are there?"
call GET /profiles/
echo

echo "== Begin a deployment. The key makes sure that sending it twice begins one only."
key="walk-through-$name"
deployment=$(call POST /deployments/ -H "Idempotency-Key: $key" -d "{\"name\": \"$name\", \"profile\": \"asr-classic\"}" | field id)
again=$(call POST /deployments/ -H "Idempotency-Key: $key" -d "{\"name\": \"$name\", \"profile\": \"asr-classic\"}" | field id)
[ "$deployment" = "$again" ]
echo "$deployment"

echo "== Answer two steps. If-Match says which revision is changed, so that nobody is overwritten unseen."
revision() { call GET "/deployments/$deployment/" | field revision; }
call PUT "/deployments/$deployment/steps/source/" -H "If-Match: \"$(revision)\"" \
    -d '{"protects": ["vmware"], "method": "ova"}'
echo
call PUT "/deployments/$deployment/steps/capacity/" -H "If-Match: \"$(revision)\"" \
    -d '{"machines": 120, "daily_change_gb": 700}'
echo

echo "== What would the capacity need?"
call POST /sizing/ -d '{"profile": "asr-classic", "machines": 120, "daily_change_gb": 700}'
echo

echo "== A wrong answer is told at its field, and changes nothing."
call PUT "/deployments/$deployment/steps/capacity/" -H "If-Match: \"$(revision)\"" -d '{"machines": -1}' || true
echo

echo "== What cannot start yet says what is missing."
call POST "/deployments/$deployment/tasks/" -d '{"kind": "deploy_ova"}' || true
echo

echo "== Start work, and wait for its end: the server answers when there is news."
task=$(call POST "/deployments/$deployment/tasks/" \
    -d "{\"kind\": \"probe_vcenter\", \"inputs\": {\"host\": \"${vcenter%:*}\", \"port\": ${vcenter##*:}}}" | field id)
state=queued
while [ "$state" = queued ] || [ "$state" = running ]; do
    state=$(call GET "/tasks/$task/?wait=30" | field state)
done
echo "$state"
call GET "/tasks/$task/events/"
echo

echo "== Throw the draft away."
call DELETE "/deployments/$deployment/"
echo "Gone."
