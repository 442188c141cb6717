#!/bin/sh
# collect-facts.sh - tells a Foothold wizard what this Linux machine looks like.
#
# It reads: name and firmware UUID, distribution and kernel, processors, memory, disks and mounts, packages, addresses,
# /etc/hosts, services, time and proxy. It tests names, TCP and TLS to the addresses below. It changes nothing and writes
# no file: the document goes to the output. Run it as root, since only root may read the firmware UUID:
#     sudo sh collect-facts.sh > host-facts.json
#
# POSIX shell. Needs openssl, which signs the document; perl, which every Debian and Ubuntu has, tests the network.

#ORDER#

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
SECONDS_EACH=5
BUDGET=180
LATE='no answer in time; the resolver may be waiting for a DNS server'

if ! command -v openssl >/dev/null 2>&1; then
    echo 'collect-facts.sh: openssl is not installed, so the document cannot be signed. Install it and run again.' >&2
    exit 2
fi

# ---- JSON -----------------------------------------------------------------------------------------------------------

# Control characters become blanks, bytes that are no UTF-8 vanish, quotes and backslashes are escaped.
json_string() {
    printf '"'
    printf '%s' "$1" | tr '\001-\037\177' '[ *]' | { iconv -c -f UTF-8 -t UTF-8 2>/dev/null || :; } |
        sed 's/\\/\\\\/g; s/"/\\"/g' | tr -d '\n'
    printf '"'
}

json_or_null() {
    if [ -n "$1" ]; then json_string "$1"; else printf 'null'; fi
}

json_bool() {
    if [ "$1" = 1 ]; then printf 'true'; else printf 'false'; fi
}

# A number of digits, or a failure: what is no number must not end up among numbers.
json_whole() {
    case $1 in
        '' | *[!0-9]*)
            echo "expected a number, found: $1"
            return 1
            ;;
    esac
    printf '%s' "$1"
}

# Lines of JSON on the input become one list.
json_list() {
    printf '['
    paste -s -d , - | tr -d '\n'
    printf ']'
}

json_strings() {
    while IFS= read -r line; do
        json_string "$line"
        echo
    done | json_list
}

# fact KEY COMMAND...: the command prints JSON, or fails and prints the reason.
FACTS=
fact() {
    key=$1
    shift
    if found=$("$@" 2>/dev/null); then
        entry="{\"value\":$found}"
    else
        [ -n "$found" ] || found="$1 failed without a message"
        entry="{\"error\":$(json_string "$found")}"
    fi
    FACTS="$FACTS${FACTS:+,}\"$key\":$entry"
}

# ---- the machine ----------------------------------------------------------------------------------------------------

computer_name() { json_string "$(uname -n)"; }

architecture() { json_string "$(uname -m)"; }

kernel() { json_string "$(uname -r)"; }

bios_uuid() {
    if uuid=$(cat /sys/class/dmi/id/product_uuid 2>/dev/null) && [ -n "$uuid" ]; then
        json_string "$uuid"
    else
        echo 'only root may read /sys/class/dmi/id/product_uuid, or there is none'
        return 1
    fi
}

release_value() {
    sed -n "s/^$1=//p" /etc/os-release | sed 's/^"\(.*\)"$/\1/' | head -n 1
}

release() {
    if [ ! -r /etc/os-release ]; then
        echo 'there is no /etc/os-release'
        return 1
    fi
    printf '{"id":%s,"version_id":%s,"pretty_name":%s}' "$(json_string "$(release_value ID)")" \
        "$(json_string "$(release_value VERSION_ID)")" "$(json_string "$(release_value PRETTY_NAME)")"
}

automatic_updates() {
    if ! settings=$(apt-config dump 2>/dev/null); then
        echo 'apt-config is not there: how updates are set cannot be told'
        return 1
    fi
    every=$(printf '%s\n' "$settings" | sed -n 's/^APT::Periodic::Unattended-Upgrade "\(.*\)";$/\1/p' | tail -n 1)
    if [ "${every:-0}" != 0 ] && command -v unattended-upgrade >/dev/null 2>&1; then
        printf 'true'
    else
        printf 'false'
    fi
}

logical_processors() { json_whole "$(getconf _NPROCESSORS_ONLN)"; }

memory_bytes() { json_whole "$(awk '/^MemTotal:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)"; }

disk_rows() {
    for disk in /sys/block/*; do
        name=${disk##*/}
        case $name in loop* | ram* | sr* | fd* | dm-* | md* | zram*) continue ;; esac
        sectors=$(cat "$disk/size" 2>/dev/null) || continue
        size=$(awk -v sectors="$sectors" 'BEGIN { printf "%.0f", sectors * 512 }')
        printf '{"name":%s,"size_bytes":%s}\n' "$(json_string "$name")" "$(json_whole "$size")"
    done
}

disks() { disk_rows | json_list; }

is_lvm() {
    device=$(readlink -f "$1" 2>/dev/null) || device=$1
    case $(cat "/sys/block/${device##*/}/dm/uuid" 2>/dev/null) in
        LVM-*) printf 'true' ;;
        *) printf 'false' ;;
    esac
}

mount_rows() {
    while read -r source target kind rest; do
        case $source in /dev/*) ;; *) continue ;; esac
        target=$(printf '%s' "$target" | sed 's/\\040/ /g')
        sizes=$(timeout "$SECONDS_EACH" df -P -k "$target" 2>/dev/null |
            awk 'NR == 2 { printf "%.0f %.0f", $2 * 1024, $4 * 1024 }')
        size=$(json_whole "${sizes% *}") && free=$(json_whole "${sizes#* }") || continue
        printf '{"target":%s,"source":%s,"file_system":%s,"size_bytes":%s,"free_bytes":%s,"lvm":%s}\n' \
            "$(json_string "$target")" "$(json_string "$source")" "$(json_string "$kind")" "$size" "$free" \
            "$(is_lvm "$source")"
    done </proc/mounts
}

mounts() { mount_rows | json_list; }

WANTED='multipath-tools lsscsi python-pyasn1 lvm2 kpartx open-vm-tools openssh-server openssl'

packages() {
    if command -v dpkg-query >/dev/null 2>&1; then
        # shellcheck disable=SC2016,SC2086
        dpkg-query -W -f '${Status} ${Package}\n' $WANTED 2>/dev/null |
            sed -n 's/^[a-z]* ok installed //p' | sort -u | json_strings
    elif command -v rpm >/dev/null 2>&1; then
        for package in $WANTED; do rpm -q --quiet "$package" && echo "$package"; done | json_strings
    else
        echo 'neither dpkg-query nor rpm is there'
        return 1
    fi
}

own_addresses() {
    ip -4 -o addr show | awk '$2 != "lo" { sub(/\/.*/, "", $4); print $4 }' | sort -u
}

addresses() {
    if ! command -v ip >/dev/null 2>&1; then
        echo 'the command ip is not there'
        return 1
    fi
    own_addresses | json_strings
}

hosts_file() {
    if [ ! -r /etc/hosts ]; then
        echo 'there is no /etc/hosts'
        return 1
    fi
    awk '{
        sub(/#.*/, "")
        for (i = 1; i <= NF; i++) gsub(/[^A-Za-z0-9._:%-]/, "?", $i)
        for (i = 2; i <= NF; i++) {
            if (!($i in found)) order[++count] = $i
            found[$i] = found[$i] (found[$i] == "" ? "" : ",") "\"" $1 "\""
        }
    }
    END { for (i = 1; i <= count; i++) print "{\"name\":\"" order[i] "\",\"addresses\":[" found[order[i]] "]}" }
    ' /etc/hosts | json_list
}

SERVICES='ssh sshd open-vm-tools vmtoolsd unattended-upgrades apt-daily-upgrade.timer ntp ntpd chrony chronyd
    systemd-timesyncd multipathd vxagent uarespawnd svagent'

service_rows() {
    for name in $SERVICES; do
        shown=$(timeout "$SECONDS_EACH" systemctl show -p LoadState -p ActiveState "$name" 2>/dev/null) || continue
        case $shown in *LoadState=loaded*) ;; *) continue ;; esac
        state=$(printf '%s\n' "$shown" | sed -n 's/^ActiveState=//p')
        printf '{"name":%s,"state":%s}\n' "$(json_string "$name")" "$(json_string "$state")"
    done
}

services() {
    if ! timeout "$SECONDS_EACH" systemctl show -p Version >/dev/null 2>&1; then
        echo 'systemd does not run here: the states of services cannot be told'
        return 1
    fi
    service_rows | json_list
}

# A user name and password in the proxy's address stay here.
proxy_environment() {
    json_or_null "$(printf '%s' "${https_proxy:-${HTTPS_PROXY:-${http_proxy:-${HTTP_PROXY:-}}}}" | sed 's#//[^@/]*@#//#')"
}

# ---- the network ----------------------------------------------------------------------------------------------------

need_perl() {
    command -v perl >/dev/null 2>&1 && return 0
    echo 'perl is not installed, and the network tests need it'
    return 1
}

# SNTP: prints the seconds that the server is ahead, or fails and prints why.
SNTP='
use strict; use Socket; use Time::HiRes qw(time);
my ($name, $limit) = @ARGV;
$SIG{ALRM} = sub { print "NTP: no answer from $name within $limit s"; exit 1 };
alarm $limit;
my $address = inet_aton($name) or do { print "DNS: $name has no IPv4 address"; exit 1 };
socket(my $socket, PF_INET, SOCK_DGRAM, getprotobyname("udp") || 17) or do { print "NTP: $!"; exit 1 };
connect($socket, sockaddr_in(123, $address)) or do { print "NTP: $!"; exit 1 };
my $sent = time + 2208988800;
send($socket, chr(27) . chr(0) x 47, 0) or do { print "NTP: $!"; exit 1 };
defined recv($socket, my $answer, 512, 0) or do { print "NTP: $!"; exit 1 };
my $received = time + 2208988800;
my @octets = unpack("CC", $answer);
if (length $answer < 48 or ($octets[0] & 7) != 4) { print "NTP: the answer is not NTP"; exit 1 }
if ($octets[1] < 1 or $octets[1] > 15) { print "NTP: the server is not synchronised"; exit 1 }
my ($s2, $f2, $s3, $f3) = unpack("N4", substr($answer, 32, 16));
printf "%.3f", ($s2 + $s3 + ($f2 + $f3) / 4294967296 - $sent - $received) / 2;
'

time_server() {
    if offset=$(timeout "$((2 * SECONDS_EACH))" perl -e "$SNTP" -- "$1" "$SECONDS_EACH"); then
        printf '{"server":%s,"offset_s":%s,"error":null}\n' "$(json_string "$1")" "$offset"
    else
        printf '{"server":%s,"offset_s":null,"error":%s}\n' "$(json_string "$1")" "$(json_string "${offset:-$LATE}")"
    fi
}

time_servers() {
    need_perl || return 1
    each_time_server time_server | json_list
}

# Opens the way to a host, through the proxy where there is one, and offers it on loopback for one connection.
# Prints "dns", "tcp" and "at PORT" as it gets there; then, or on failure, it is done. Old versions of openssl know
# no proxy, which is why this is not left to them.
TUNNEL='
use strict; use Socket;
my ($name, $port, $proxy_name, $proxy_port, $limit, $offered) = @ARGV;
$| = 1;
$SIG{ALRM} = sub { print "TCP: no answer within $limit s\n"; exit 1 };
alarm $limit;
sub stop { print "$_[0]\n"; exit 1 }
my $there = inet_aton($name);
print "dns\n" if $there;
stop("DNS: $name has no IPv4 address") unless $there or $proxy_name ne "";
if ($proxy_name ne "") {
    $there = inet_aton($proxy_name) or stop("DNS: the proxy $proxy_name has no IPv4 address");
}
socket(my $far, PF_INET, SOCK_STREAM, getprotobyname("tcp") || 6) or stop("TCP: $!");
connect($far, sockaddr_in($proxy_name ne "" ? $proxy_port : $port, $there)) or stop("TCP: $!");
if ($proxy_name ne "") {
    syswrite $far, "CONNECT $name:$port HTTP/1.1\r\nHost: $name:$port\r\n\r\n";
    my $head = "";
    while (length $head < 16384 and $head !~ /\r\n\r\n\z/) { sysread($far, $head, 1, length $head) or last }
    $head =~ m{\AHTTP/1\.[01] ([0-9]{3})} or stop("the proxy did not answer in HTTP");
    stop("the proxy asks for a user name and password (HTTP 407)") if $1 == 407;
    stop("the proxy refused the connection (HTTP $1)") if $1 != 200;
}
print "tcp\n";
exit 0 unless $offered;
socket(my $here, PF_INET, SOCK_STREAM, getprotobyname("tcp") || 6) or stop("TCP: $!");
bind($here, sockaddr_in(0, INADDR_LOOPBACK)) or stop("TCP: $!");
listen($here, 1) or stop("TCP: $!");
my ($at) = sockaddr_in(getsockname($here));
my $child = fork;
stop("fork: $!") unless defined $child;
if ($child) { print "at $at\n"; exit 0 }
close STDOUT; close STDERR;
$SIG{ALRM} = "DEFAULT";
alarm 3 * $limit;
accept(my $near, $here) or exit 1;
my %other = (fileno($near) => $far, fileno($far) => $near);
my %own = (fileno($near) => $near, fileno($far) => $far);
while (1) {
    my $wanted = "";
    vec($wanted, $_, 1) = 1 for keys %own;
    select(my $ready = $wanted, undef, undef, undef);
    for my $number (keys %own) {
        next unless vec($ready, $number, 1);
        sysread($own{$number}, my $bytes, 16384) or exit 0;
        my $gone = 0;
        while ($gone < length $bytes) { $gone += syswrite($other{$number}, $bytes, length($bytes) - $gone, $gone) || exit 0 }
    }
}
'

is_ipv4() {
    case $1 in
        *[!0-9.]*) return 1 ;;
        *.*.*.*) return 0 ;;
        *) return 1 ;;
    esac
}

# talk HOST PORT-ON-LOOPBACK: all that openssl says about a TLS session in which a page was asked for.
talk() {
    if is_ipv4 "$1"; then set -- "$1" "$2" -verify_ip "$1"; else set -- "$1" "$2" -servername "$1" -verify_hostname "$1"; fi
    name=$1
    at=$2
    shift 2
    # Versions before 1.1 look at no trusted certificates unless they are told where these are.
    case $(openssl version) in 'OpenSSL 0.'* | 'OpenSSL 1.0.'*) set -- "$@" -CApath /etc/ssl/certs ;; esac
    printf 'HEAD / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$name" |
        timeout "$SECONDS_EACH" openssl s_client -connect "127.0.0.1:$at" -ign_eof "$@" 2>&1 | tr -d '\000\r'
}

has_session() {
    printf '%s\n' "$1" | grep -q '^New, \(TLSv\|SSLv\)[^,]*, Cipher is [A-Z]' && return 0
    printf '%s\n' "$1" | grep -q '^ *Cipher *: [A-Z1-9]'
}

# reach HOST PORT TLS PROXY-HOST PROXY-PORT: sets dns tcp tls issuer status problem.
reach() {
    dns=0 tcp=0 tls=0 issuer='' status='' problem=''
    if ! way=$(timeout "$((2 * SECONDS_EACH))" perl -e "$TUNNEL" -- "$1" "$2" "$4" "$5" "$SECONDS_EACH" "$3"); then
        problem=$(printf '%s\n' "$way" | sed -n '$p')
        case $problem in '' | dns | tcp) problem=$LATE ;; esac
    fi
    case "
$way
" in *'
dns
'*) dns=1 ;; esac
    [ -z "$problem" ] || return 0
    tcp=1
    [ "$3" = 1 ] || return 0
    said=$(talk "$1" "${way##*at }")
    if ! has_session "$said"; then
        problem='TLS: no session came about'
        return 0
    fi
    issuer=$(printf '%s\n' "$said" | sed -n 's/^issuer= *//p' | head -n 1)
    verdict=$(printf '%s\n' "$said" | sed -n 's/^ *Verify return code: //p' | head -n 1)
    status=$(printf '%s\n' "$said" | sed -n 's/^HTTP\/1\.[01] \([0-9][0-9][0-9]\).*/\1/p' | head -n 1)
    case $verdict in
        '0 '*) tls=1 ;;
        *) problem="TLS: this machine does not trust the certificate ($verdict)" ;;
    esac
}

endpoint() {
    start=$(date +%s)
    if [ $((start - BEGAN)) -ge "$BUDGET" ]; then
        dns=0 tcp=0 tls=0 issuer='' status='' problem='not tried: the tests before it took too long'
    else
        reach "$1" "$2" 1 "$PROXY_HOST" "$PROXY_PORT"
    fi
    via=0
    [ -z "$PROXY_HOST" ] || via=1
    printf '{"host":%s,"port":%s,"dns":%s,"tcp":%s,"tls":%s,"issuer":%s,"http_status":%s,"via_proxy":%s,"error":%s,"seconds":%s}\n' \
        "$(json_string "$1")" "$2" "$(json_bool $dns)" "$(json_bool $tcp)" "$(json_bool $tls)" \
        "$(json_or_null "$issuer")" "${status:-null}" "$(json_bool $via)" "$(json_or_null "$problem")" \
        "$(($(date +%s) - start))"
}

endpoints() {
    need_perl || return 1
    BEGAN=$(date +%s)
    each_endpoint endpoint | json_list
}

# A peer may sign its certificate itself: for it TLS means that a session came about.
peer() {
    reach "$2" "$3" "$4" '' 0
    session=null
    if [ "$4" = 1 ] && [ $tcp = 1 ]; then
        session=$(json_bool $tls)
        case $problem in *'does not trust'*) session=true problem='' ;; esac
    fi
    printf '{"name":%s,"host":%s,"port":%s,"tcp":%s,"tls":%s,"error":%s}\n' "$(json_string "$1")" \
        "$(json_string "$2")" "$3" "$(json_bool $tcp)" "$session" "$(json_or_null "$problem")"
}

peers() {
    need_perl || return 1
    each_peer peer | json_list
}

# record NAME: its addresses, or for an address its names, as this machine resolves them.
record() {
    if is_ipv4 "$1"; then
        found=$(timeout "$SECONDS_EACH" getent hosts "$1" | awk '{ for (i = 2; i <= NF; i++) print $i }' | sort -u)
    else
        found=$(timeout "$SECONDS_EACH" getent ahostsv4 "$1" | awk '{ print $1 }' | sort -u)
    fi
    problem=
    [ -n "$found" ] || problem='DNS: no answer'
    printf '{"name":%s,"addresses":%s,"error":%s}\n' "$(json_string "$1")" \
        "$({ [ -z "$found" ] || printf '%s\n' "$found"; } | json_strings)" "$(json_or_null "$problem")"
}

dns_rows() {
    record "$(uname -n)"
    for address in $(own_addresses); do record "$address"; done
    if [ -n "$PROXY_HOST" ] && ! is_ipv4 "$PROXY_HOST"; then record "$PROXY_HOST"; fi
}

dns() { dns_rows | json_list; }

# ---- the document ---------------------------------------------------------------------------------------------------

utc_now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# padded_key NUMBER: the key in 64 bytes, each XOR the number, as HMAC begins with it (RFC 2104). openssl would take the
# key as an argument only, and arguments of a program can be read by everybody on the machine; printf is the shell's own.
padded_key() {
    left=$KEY
    count=0
    while [ "$count" -lt 64 ]; do
        byte=0
        [ -z "$left" ] || byte=$((0x${left%"${left#??}"}))
        left=${left#??}
        octal=$(printf '%03o' "$((byte ^ $1))")
        # shellcheck disable=SC2059
        printf "\\$octal"
        count=$((count + 1))
    done
}

STARTED=$(utc_now)
fact identity.computer_name computer_name
fact identity.bios_uuid bios_uuid
fact identity.architecture architecture
fact os.release release
fact os.kernel kernel
fact os.automatic_updates automatic_updates
fact hardware.logical_processors logical_processors
fact hardware.memory_bytes memory_bytes
fact hardware.disks disks
fact hardware.mounts mounts
fact packages.installed packages
fact network.addresses addresses
fact network.hosts_file hosts_file
fact services.states services
fact time.ntp time_servers
fact reach.dns dns
fact reach.endpoints endpoints
fact reach.peers peers
fact proxy.environment proxy_environment

MACHINE=$(cat /sys/class/dmi/id/product_uuid 2>/dev/null || cat /etc/machine-id 2>/dev/null)
TEXT="{\"schema\":\"foothold.host-facts/1\",\"collector\":\"collect-facts.sh\",\"nonce\":$(json_string "$NONCE")"
TEXT="$TEXT,\"deployment\":$(json_string "$DEPLOYMENT"),\"component\":$(json_string "$COMPONENT")"
TEXT="$TEXT,\"host\":{\"name\":$(json_string "$(uname -n)"),\"machine_id\":$(json_or_null "$MACHINE")}"
TEXT="$TEXT,\"started_at\":\"$STARTED\",\"finished_at\":\"$(utc_now)\",\"facts\":{$FACTS}"
SEAL=$({ padded_key 92; { padded_key 54; printf '%s' "$TEXT"; } | openssl dgst -sha256 -binary; } |
    openssl dgst -sha256 | sed 's/^.*= *//')
case $SEAL in
    ????????????????????????????????????????????????????????????????) ;;
    *)
        echo 'collect-facts.sh: openssl could not sign the document.' >&2
        exit 2
        ;;
esac
printf '%s,"hmac":"%s"}\n' "$TEXT" "$SEAL"
