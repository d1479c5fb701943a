# shellcheck shell=bash
# shellcheck disable=SC2154
# Runs test projects and adds up what they report.

readonly test_projects=("$repository/tests/Dwcp.Sdn.Tests" "$repository/tests/Dwcp.Sdn.SystemTests")

# Runs the projects with the given arguments of `dotnet test` and ends the script with one line of counts.
run_suite() {
    local project results broken=0
    results=$(mktemp -d -t dwcp-test.XXXXXX)
    # shellcheck disable=SC2064
    trap "rm -rf '$results'" EXIT
    for project in "${test_projects[@]}"; do
        say "testing $(basename "$project")"
        dotnet test "$project" --configuration Release --no-build --results-directory "$results" \
            --logger "trx;LogFileName=$(basename "$project").trx" --logger 'console;verbosity=minimal' \
            --blame-hang-timeout 10m --blame-hang-dump-type none "$@" || broken=1
    done
    report "$results" "$broken"
}

outcomes() { cat "$2"/*.trx 2>/dev/null | grep -o '<UnitTestResult [^>]*' | grep -c "outcome=\"$1\"" || true; }

report() {
    local passed failed skipped
    passed=$(outcomes Passed "$1")
    failed=$(outcomes Failed "$1")
    skipped=$(outcomes NotExecuted "$1")
    if (($2 != 0 && failed == 0)); then
        say "a test process ended without a verdict, see above; that counts as one failure"
        failed=1
    fi
    ((passed + failed > 0)) || say "no test ran"
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    ((failed == 0 && passed > 0))
}
