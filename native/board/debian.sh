# Debian packages, unpacked into a folder of the user's cache and made to run from there: neither
# root nor a change of this system is needed. Sourced by what fetches or builds such a folder, which
# sets `what` (its name in messages), `name` (of the folder) and `version` (of what lies in it: raise
# it when that changes), has a function `make_it`, and ends with `provide "$@"`.
set -Eeuo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/duotui
home=$cache/$name
new=$home.new
log=$home.log
cross=$new/cross  # whose C library runs patchelf
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { echo "$what: $*" >&2; exit 2; }
trap 'fail "cannot be made: line $LINENO of ${BASH_SOURCE[0]}; $log"' ERR

# suite ARCHITECTURE SUITE: the packages of another Debian, from the mirror that this system uses.
# Nothing is installed in its root, so a package comes with all that it needs.
suite() {
    local root=$new/apt/$1-$2
    export APT_CONFIG=$root/apt.conf
    [[ ! -f $root/ready ]] || return 0
    mkdir -p "$root"/{state/lists/partial,cache/archives/partial}
    : >"$root/status"
    echo "deb [signed-by=$keyring] $mirror $2 main" >"$root/sources"
    cat >"$APT_CONFIG" <<END
APT::Architecture "$1";
APT::Architectures { "$1"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Dir::State "$root/state";
Dir::State::status "$root/status";
Dir::Cache "$root/cache";
Dir::Etc::sourcelist "$root/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
END
    apt-get -qq --error-on=any update 2>>"$log" && touch "$root/ready"
}

# packages FOLDER NAME...: these packages of the current suite and all that they need.
packages() {
    local archives into=$1
    archives=$(dirname "$APT_CONFIG")/cache/archives
    shift
    apt-get -qq --yes --download-only install "$@" >>"$log" 2>&1 || fail "cannot fetch $*: $log"
    mkdir -p "$new/$into"
    for package in "$archives"/*.deb; do dpkg-deb -x "$package" "$new/$into"; done
    rm "$archives"/*.deb
}

# parts FOLDER PACKAGE PATTERN: what matches in one package of the current suite, and nothing else.
parts() {
    local folder=$new/package
    mkdir -p "$folder" "$new/$1"
    (cd "$folder" && apt-get -qq download "$2" >>"$log" 2>&1) || fail "cannot fetch $2: $log"
    dpkg-deb --fsys-tarfile "$folder"/*.deb | tar -xC "$new/$1" --wildcards "./$3"
    rm -r "$folder"
}

# relocate FOLDER: let the programs in it use the C library and the libraries that came with them.
relocate() {
    local libraries=usr/lib/x86_64-linux-gnu loader=ld-linux-x86-64.so.2
    local own=$cross/$libraries here=$libraries file
    local patchelf=("$own/$loader" --library-path "$own" "$new/patchelf/usr/bin/patchelf")
    [[ -e $new/$1/$here/$loader ]] || here=lib/x86_64-linux-gnu
    while read -r file; do
        "${patchelf[@]}" --print-interpreter "$file" >/dev/null 2>&1 || continue
        "${patchelf[@]}" --force-rpath --set-interpreter "$home/$1/$here/$loader" \
            --set-rpath "$home/$1/$libraries:$home/$1/lib/x86_64-linux-gnu" "$file" ||
            fail "cannot relocate $file"
    done < <(find "$new/$1"/usr/{bin,libexec} -type f -perm -100 2>/dev/null || true)
}

# riscv64: the suite of that architecture; its index is the youngest, and not always whole.
riscv64() { suite riscv64 trixie || suite riscv64 sid || fail "no package index for riscv64: $log"; }

prerequisites() {
    local command
    for command in apt-get dpkg dpkg-deb flock; do
        command -v "$command" >/dev/null || fail "made of Debian packages, and there is no $command"
    done
    [[ $(dpkg --print-architecture) == amd64 ]] || fail "made on amd64 only"
    [[ -r $keyring ]] || fail "$keyring is missing: apt install debian-archive-keyring"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$') ||
        fail "apt here has no Debian mirror to take them from"
}

complete() { [[ -f $home/version && $(<"$home/version") == "$version" ]]; }

# provide [--offline]: print the folder; make it first where it is not whole, or fail, offline.
provide() {
    if ! complete; then
        [[ ${1-} != --offline ]] || fail "not in $home: $0 makes it"
        prerequisites
        mkdir -p "$cache"
        exec 9>"$home.lock"
        flock 9
        if ! complete; then
            echo "making $what in $home" >&2
            rm -rf "$new"
            mkdir -p "$new"
            : >"$log"
            make_it
            rm -rf "$new"/{apt,patchelf}
            echo "$version" >"$new/version"
            rm -rf "$home"
            mv "$new" "$home"
        fi
    fi
    echo "$home"
}
