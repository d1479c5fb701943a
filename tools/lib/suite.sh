# shellcheck shell=bash
# shellcheck disable=SC2154
# Runs test projects and adds up what they report.

# Runs the projects with the given arguments of `dotnet test` and ends the script with one line of counts.
run_suite() {
    local broken=0
    results=$(mktemp -d -t dwcp-test.XXXXXX)
    DWCP_LAB_DIR=$(mktemp -d -p /run dwcp-test.XXXXXX)
    export DWCP_LAB_DIR
    trap clean_up EXIT
    # The tests with real peers take seconds each, so each is shown as it ends; of the others only what is not well.
    run_project Dwcp.Sdn.Tests minimal "$@" || broken=1
    run_project Dwcp.Sdn.SystemTests normal "$@" || broken=1
    report "$broken"
}

# A test that was ended by force leaves its lab.
clean_up() {
    "$repository/tools/lab" down --all
    rm -rf "$results" "$DWCP_LAB_DIR"
}

run_project() {
    local project=$1 verbosity=$2 hangs=10m
    shift 2
    [[ ${DWCP_SOAK:-} != 1 ]] || hangs=2h
    printf 'testing %s\n' "$project"
    dotnet test "$repository/tests/$project" --configuration Release --no-build --results-directory "$results" \
        --logger "trx;LogFileName=$project.trx" --logger "console;verbosity=$verbosity" \
        --blame-hang-timeout "$hangs" --blame-hang-dump-type none "$@" 2>&1 |
        sed -u -E '/^$|^\[xUnit\.net |^Test run for|^A total of 1 |^No test matches|^Results File|Sequence file will not be/d'
}

# A line per result: its outcome, its name, and the first line of what it says about itself.
read_results() {
    cat "$results"/*.trx 2>/dev/null | awk '
        function attribute(name, value) { value = $0; sub(".* " name "=\"", "", value); sub("\".*", "", value); return value }
        function plain(text) { gsub("&quot;", "\"", text); gsub("&lt;", "<", text); gsub("&gt;", ">", text); gsub("&amp;", "\\&", text); return text }
        function flush() { if (outcome != "") print outcome "\t" plain(test) "\t" plain(message); outcome = "" }
        /<UnitTestResult / { flush(); outcome = attribute("outcome"); test = attribute("testName"); message = "" }
        /<Message>/ && message == "" { message = $0; sub(".*<Message>", "", message); sub("</Message>.*", "", message) }
        END { flush() }'
}

report() {
    local passed failed skipped
    read_results >"$results/all"
    awk -F'\t' '$1 == "NotExecuted" { print "skipped: " $2 ": " $3 } $1 == "Failed" { print "failed: " $2 ": " $3 }' "$results/all"
    passed=$(grep -c '^Passed' "$results/all" || true)
    failed=$(grep -c '^Failed' "$results/all" || true)
    skipped=$(grep -c '^NotExecuted' "$results/all" || true)
    if (($1 != 0 && failed == 0)); then
        echo "failed: a test process ended without a verdict, see above; it counts as one"
        failed=1
    fi
    ((passed + failed > 0)) || echo "no test ran"
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    ((failed == 0 && passed > 0))
}
