#!/bin/sh
# Installs a package on a copy-on-write view of this machine, puts tables in the kernel as a gateway would, and takes
# the package away again. Run in a network and a mount namespace of its own: unshare --net --mount sh THIS PACKAGE FOLDER
set -eu

package=$1
folder=$2
root="$folder/root"

mount --make-rprivate /
rm -rf "$folder"
mkdir -p "$folder/upper" "$folder/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
cp "$package" "$root/package.deb"

inside() {
    DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

fail() {
    echo "$*" >&2
    exit 1
}

# what was there before us, and must be there after us to the last byte
nft -f - <<'RULES'
table inet filter {
    set trusted { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.7 }; }
    chain input { type filter hook input priority 0; policy drop; ip saddr @trusted accept; counter; }
}
table bridge nullius-like { chain other { type filter hook forward priority 0; }; }
table ip nat { chain out { type nat hook postrouting priority 100; masquerade; }; }
RULES
nft list ruleset >"$folder/before"

inside dpkg --install /package.deb
inside getent passwd nullius >/dev/null || fail "no user"
inside getent group nullius >/dev/null || fail "no group"
inside getent shadow nullius | grep -q '^nullius:!' || fail "the user could log in"
for wants in sysinit.target.wants/nullius-gateway-load.service multi-user.target.wants/nullius-gateway.service; do
    [ -L "$root/etc/systemd/system/$wants" ] || fail "not enabled: $wants"
done

# what a gateway leaves in the kernel and on the disk
for family in bridge inet arp netdev; do
    nft add table "$family" nullius
    nft add set "$family" nullius pairs '{ type ipv4_addr . ipv4_addr; }'
done
nft add chain bridge nullius forward '{ type filter hook forward priority -300; policy drop; }'
mkdir -p "$root/var/lib/nullius/bundles"
echo secret >"$root/var/lib/nullius/local.key"
nft list ruleset >"$folder/enforcing"

# an upgrade changes no rule
inside dpkg --install /package.deb
nft list ruleset | cmp - "$folder/enforcing" || fail "an upgrade touched the rules"

# configuration that a person changed outlives the removal, and so does the state
echo '# changed' >>"$root/etc/nullius/gateway.toml"
inside dpkg --remove nullius
nft list ruleset | cmp - "$folder/before" || fail "removal did not restore the rules"
[ ! -e "$root/usr/bin/nullius" ] || fail "the program is still there"
grep -q '# changed' "$root/etc/nullius/gateway.toml" || fail "the configuration is lost"
[ -e "$root/var/lib/nullius/local.key" ] || fail "the state is lost"

inside dpkg --purge nullius
[ ! -e "$root/etc/nullius" ] || fail "the configuration outlived the purge"
[ ! -e "$root/var/lib/nullius" ] || fail "the state outlived the purge"
for wants in sysinit.target.wants/nullius-gateway-load.service multi-user.target.wants/nullius-gateway.service; do
    [ ! -L "$root/etc/systemd/system/$wants" ] || fail "still enabled: $wants"
done
nft list ruleset | cmp - "$folder/before" || fail "the purge touched the rules"

umount -l "$root"
rm -rf "$folder"
echo "the network is as it was"
