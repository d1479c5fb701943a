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

# One line per project as it is done; warnings and errors as they are. The SDK leaves empty directories where it keeps temporary files.
build() {
    local scratch status=0
    scratch=$(mktemp -d) || return 1
    TMPDIR=$scratch dotnet build "$1" --configuration Release -terminalLogger:off -verbosity:minimal -consoleLoggerParameters:NoSummary |
        sed -u -E -e '/^\s*$/d' -e '/Determining projects|All projects are up-to-date|^Build succeeded|^Time Elapsed|^ +0 (Warning|Error)/d' \
            -e 's/^ *Restored (.*\/)?([^/]+)\.csproj.*/  restored \2/' -e 's/^ +([A-Za-z0-9.]+) -> .*/  built \1/' >&2 || status=$?
    rm -rf "$scratch"
    return "$status"
}

# The binary counts as old when a source is newer than it. The time of the build is that of its start, so that an edit
# during the build is not missed.
build_controller_if_old() {
    [[ ! -x $controller_binary || -n $(newer_sources) ]] || return 0
    local begun
    begun=$(date +@%s.%N)
    "$@" || return 1
    touch -d "$begun" "$controller_binary"
}

newer_sources() {
    cd "$repository" || return 1
    find Directory.*.props global.json controller southbound northbound dataplane \
        -type d \( -name bin -o -name obj \) -prune -o \
        -type f -newer "$controller_binary" \
        \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.proto' -o -name '*.json' \) -print -quit
}
