# The real cohorts in the shared folder are ingested, and pass the check.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }
[ -d "${CM_SHARED:-}/data/glioma-mr" ] || { echo "skipped: no shared data"; exit 77; }

ingest() { # name, expected number of cases, options...
    name=$1 cases=$2; shift 2
    root=$("$CM_TEST_DIR/real/make_sources.sh" "$name" "$CM_SHARED" "$name.src")
    "$COHMARK" cohort ingest "$name.src" --root "$root" -o "$name.cohort" "$@" 2>err.txt || fail "$(cat err.txt)"
    "$COHMARK" cohort show "$name.cohort" >show.txt
    grep -q "^all  *$cases cases, " show.txt || fail "$name does not have $cases cases: $(cat show.txt)"
    "$COHMARK" cohort check "$name.cohort" >check.txt || fail "$name: $(cat check.txt)"
}
ingest glioma 6 -q
grep -q '^geometry  *declared unknown' show.txt || fail "glioma: geometry"
grep -q ': 0 errors, 0 warnings' check.txt || fail "glioma: $(cat check.txt)"
"$COHMARK" cohort show glioma.cohort --cases | grep -q '^c009  *site-a .* 256x256x20 .*uint8 .*histology=' || fail "glioma: c009"
ingest chest-xray 400 -q
grep -q '^class  *0 normal  *150 cases' show.txt || fail "chest-xray: classes"
ingest chest-xray-dev 524 -q
grep -q '^class  *1 pneumonia .* 389 cases' show.txt || fail "chest-xray-dev: classes"

# head-t1: ch2 holds free text; with --strip-text orientation and spacing come out as documented
root=$("$CM_TEST_DIR/real/make_sources.sh" head-t1 "$CM_SHARED" head-t1.src)
status=0; "$COHMARK" cohort ingest head-t1.src --root "$root" -o head-t1.cohort -q 2>err.txt || status=$?
[ "$status" = 6 ] || fail "head-t1 without --strip-text: exit $status"
grep -q 'case ch2: .*db_name.*--strip-text' err.txt || fail "head-t1: $(cat err.txt)"
ingest head-t1 2 -q --strip-text
"$COHMARK" cohort show head-t1.cohort --cases >show.txt
grep -q '^t1-crop .* 256x256x256 .*1x1x1 mm LIA' show.txt || fail "t1-crop: $(cat show.txt)"
grep -q '^ch2 .* 181x217x181 .*1x1x1 mm RAS' show.txt || fail "ch2: $(cat show.txt)"
