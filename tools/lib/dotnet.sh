# shellcheck shell=bash
# shellcheck disable=SC2154
# Builds with visible progress, and without servers that outlive the build.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false

# A built program looks for the runtime in the system's place only, unless told where the SDK at hand has it.
if [[ -z ${DOTNET_ROOT:-} ]] && dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")") && [[ -d $dotnet_root/host/fxr ]]; then
    export DOTNET_ROOT=$dotnet_root
fi

readonly controller_project=$repository/controller/Dwcp.Sdn.Controller
readonly controller_binary=$controller_project/bin/Release/net10.0/dwcp-controller
readonly dwcpctl_project=$repository/tools/Dwcp.Sdn.Cli
readonly dwcpctl_binary=$dwcpctl_project/bin/Release/net10.0/dwcpctl

# One line per project as it is done; warnings and errors as they are.
build() {
    dotnet build "$1" --configuration Release -terminalLogger:off -verbosity:minimal -consoleLoggerParameters:NoSummary |
        sed -u -E -e '/^\s*$/d' -e '/Determining projects|All projects are up-to-date|^Build succeeded|^Time Elapsed|^ +0 (Warning|Error)/d' \
            -e 's/^ *Restored (.*\/)?([^/]+)\.csproj.*/  restored \2/' -e 's/^ +([A-Za-z0-9.]+) -> .*/  built \1/' >&2
}

# Says what it builds, and what went wrong if it does: `build_quietly WHAT PROJECT`.
build_quietly() {
    say "building $1"
    local log
    log=$(mktemp)
    if ! build "$2" 2>"$log"; then
        cat "$log" >&2
        rm -f "$log"
        die "$1 does not build"
    fi
    rm -f "$log"
}

build_controller_if_old() { build_if_old "$controller_binary" controller southbound northbound dataplane -- "$@"; }

build_dwcpctl_if_old() { build_if_old "$dwcpctl_binary" northbound tools/Dwcp.Sdn.Cli -- "$@"; }

# `build_if_old BINARY FOLDER... -- BUILDER...`. The binary counts as old when a source is newer than it. The time of the
# build is that of its start, so that an edit during the build is not missed.
build_if_old() {
    local binary=$1 folders=() begun
    shift
    while [[ $1 != -- ]]; do
        folders+=("$1")
        shift
    done
    shift
    [[ ! -x $binary || -n $(newer_sources "$binary" "${folders[@]}") ]] || return 0
    begun=$(date +@%s.%N)
    "$@" || return 1
    touch -d "$begun" "$binary"
}

newer_sources() {
    local binary=$1
    shift
    cd "$repository" || return 1
    find Directory.*.props global.json "$@" \
        -type d \( -name bin -o -name obj \) -prune -o \
        -type f -newer "$binary" \
        \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.proto' -o -name '*.json' \) -print -quit
}
