# Debian packages, unpacked into a folder of the user's cache and made to run from there: neither
# root nor a change of this system is needed. Sourced by what fetches or builds such a folder, which
# sets `what` (its name in messages), `name` (of the folder), `version` (of what lies in it: `hash_of`
# its recipe, or a number to be raised) and `needs` (commands, beside those of every recipe), has a
# function `make_it`, and ends with `provide "$@"`.
#
#   RECIPE              print the folder; make it first where it is not whole
#   RECIPE --offline    print it, or fail
#   RECIPE --anew       make it, whole or not
set -Eeuo pipefail

# What is built here must not depend on who builds it.
export LC_ALL=C TZ=UTC
umask 022
unset -v MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS LDLIBS CROSS_COMPILE \
    CPATH C_INCLUDE_PATH LIBRARY_PATH COMPILER_PATH GCC_EXEC_PREFIX LD_LIBRARY_PATH LD_RUN_PATH \
    POSIXLY_CORRECT TAR_OPTIONS GREP_OPTIONS GZIP XZ_OPT CDPATH

cache=${XDG_CACHE_HOME:-$HOME/.cache}/duotui
home=$cache/$name
new=$home.new
log=$home.log
cross=$new/cross  # whose C library runs patchelf
board=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
lock=$board/packages.lock

fail() { echo "$what: $*" >&2; exit 2; }
trap 'fail "cannot be made: line $LINENO of ${BASH_SOURCE[0]}; $log"' ERR

# hash_of FILE...: a version that changes with them.
hash_of() { cat "$@" | sha256sum | cut -c 1-12; }

# suite ARCHITECTURE SUITE [sources]: the packages of another Debian, from the mirror that this system
# uses; its source packages too. Nothing is installed in its root, so a package comes with all that it needs.
suite() {
    local root=$new/apt/$1-$2
    export APT_CONFIG=$root/apt.conf
    [[ ! -f $root/ready ]] || return 0
    mkdir -p "$root"/{state/lists/partial,cache/archives/partial}
    : >"$root/status"
    echo "deb [signed-by=$keyring] $mirror $2 main" >"$root/sources"
    [[ ${3-} != sources ]] || echo "deb-src [signed-by=$keyring] $mirror $2 main" >>"$root/sources"
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

# must_be KIND PACKAGE VERSION SHA-256: refuse what the mirror has where packages.lock names another.
must_be() {
    local wanted digest renew="native/board/lock takes what there is now, then \`make ship\`"
    read -r wanted digest < <(locked "$1" | sed -n "s/^$2 //p") || fail "$lock does not name $2"
    [[ -n ${3-} ]] || fail "$2 $wanted is wanted (packages.lock), and Debian's mirror has none: $renew"
    [[ $3 == "$wanted" ]] ||
        fail "$2 $wanted is wanted (packages.lock), and Debian's mirror has replaced it by $3: $renew"
    [[ ${4-} == "$digest" ]] ||
        fail "$2 $wanted is wanted with SHA-256 $digest (packages.lock), and found with ${4-}: $renew"
}

# locked KIND: its rows of packages.lock, without the kind.
locked() { sed -n "s/^$1  *//p" "$lock" | tr -s ' '; }

# found KIND PACKAGE: version and SHA-256 in the current suite's signed index; of a source its URI and
# file too.
found() {
    local uri file digest version
    if [[ $1 == source ]]; then
        read -r uri file _ digest < <(apt-get -qq --only-source --print-uris source "$2" 2>>"$log" |
            grep "/$2_[^/]*\.orig\.tar\.[a-z0-9]*'") || return 0
        version=${file#*_}
        echo "${version%%.orig.*} ${digest#SHA256:} ${uri//\'/} $file"
    else
        apt-cache show --no-all-versions "$2" 2>>"$log" |
            awk '$1 == "Version:" { version = $2 } $1 == "SHA256:" { print version, $2 }'
    fi
}

# upstream PACKAGE: the original source of a package of packages.lock, unpacked in $new/source.
upstream() {
    local version digest uri file
    read -r version digest uri file < <(found source "$1") || true
    must_be source "$1" "$version" "$digest"
    /usr/lib/apt/apt-helper -o Acquire::Retries=3 download-file "$uri" "$new/$file" "SHA256:$digest" \
        >>"$log" 2>&1 || fail "cannot fetch $file: $log"
    mkdir "$new/source"
    tar -xf "$new/$file" -C "$new/source" --strip-components=1 --no-same-owner
    rm "$new/$file"
}

# need COMMAND...: or say in one line which are missing, and where Debian has them.
need() {
    local command missing=() packages=()
    local -A of=([apt-get]=apt [dpkg-deb]=dpkg [flock]=util-linux [xz]=xz-utils [awk]=mawk [cc]=gcc
        [sha256sum]=coreutils [find]=findutils)
    for command; do
        command -v "$command" >/dev/null && continue
        missing+=("$command")
        packages+=("${of[$command]-$command}")
    done
    [[ ${#missing[@]} == 0 ]] || fail "${missing[*]} missing: sudo apt install ${packages[*]}"
}

prerequisites() {
    local file
    command -v dpkg >/dev/null || fail "made of Debian packages, and there is no dpkg: on Debian, or like it"
    need apt-get dpkg-deb flock tar sed awk grep find sha256sum "${needs[@]}"
    [[ $(dpkg --print-architecture) == amd64 ]] || fail "made on amd64 only"
    keyring=
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [[ ! -r $file ]] || keyring=${keyring:-$file}
    done
    [[ -n $keyring ]] || fail "Debian's keys are missing: sudo apt install debian-archive-keyring"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$') ||
        fail "apt here has no Debian mirror to take them from: apt-get update, or add one to its sources"
}

complete() { [[ -f $home/version && $(<"$home/version") == "$version" ]]; }

provide() {
    if [[ ${1-} == --anew ]] || ! complete; then
        [[ ${1-} != --offline ]] || fail "not in $home: $0 makes it"
        prerequisites
        mkdir -p "$cache"
        exec 9>"$home.lock"
        flock 9
        if [[ ${1-} == --anew ]] || ! complete; then
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
        exec 9>&-
    fi
    echo "$home"
}
