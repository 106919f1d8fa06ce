# Ingest under the MPI launcher: the same cohort for 1, 2 and 3 ranks; one refusal, told once.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }
command -v mpirun >/dev/null || { echo "no mpirun here"; exit 77; }
# as root only where the test already runs as root
root=; [ "$(id -u)" != 0 ] || root=--allow-run-as-root
# MPI unloads its plugins with memory of theirs still held, which a leak sanitizer can no longer attribute
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
ranks() { n=$1; shift; mpirun $root --oversubscribe -n "$n" "$COHMARK" "$@"; }
digest() { "$COHMARK" cohort show "$1" | awk '$1 == "digest" { print $2 }'; }

"$COHMARK" demo demo --source-only >/dev/null
src=demo/segmentation/source
"$COHMARK" cohort ingest $src -o one -q
for n in 2 3; do
    ranks $n cohort ingest $src -o r$n -q --threads 1
    [ "$(ls r$n | wc -l)" = $((1 + 2 * n)) ] || fail "$n ranks do not make $n shards"
    [ "$(digest r$n)" = "$(digest one)" ] || fail "$n ranks make another cohort"
    "$COHMARK" cohort check r$n >/dev/null || fail "the cohort of $n ranks does not pass the check"
done

rm $src/images/case-0004.nii.gz $src/references/case-0005.nii.gz
status=0; ranks 3 cohort ingest $src -o bad -q --threads 1 2>err.txt || status=$?
[ "$status" = 3 ] || fail "exit $status instead of 3: $(cat err.txt)"
[ "$(grep -c '^cohmark: ' err.txt)" = 1 ] || fail "the refusal is told more than once: $(cat err.txt)"
grep -q 'case case-0004' err.txt || fail "the first bad case is named: $(cat err.txt)"
[ -z "$(ls -d bad* 2>/dev/null)" ] || fail "something is left behind"
