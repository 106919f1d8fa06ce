# cohmark verify: exit codes, both formats, both kinds of document, and OpenEBench's own examples where they are at hand.
set -eu
fail() { echo "$*"; exit 1; }
code() { # code EXPECTED COMMAND...
    local expected=$1 got=0
    shift
    "$@" > out.txt 2> err.txt || got=$?
    [ "$got" -eq "$expected" ] || fail "$* ended with $got, not $expected: $(cat out.txt err.txt)"
}
fake="$CM_BUILD_DIR/tests/fake_report"
"$COHMARK" verify --help | grep -q -- '--against' || fail "--help does not name --against"
code 2 "$COHMARK" verify
code 2 "$COHMARK" verify a b
code 2 "$COHMARK" verify a --format csv
code 2 "$COHMARK" verify a --threads 0
code 3 "$COHMARK" verify no-such-file
code 3 "$COHMARK" verify .
echo "plain words" > words
code 3 "$COHMARK" verify words
: > empty
code 3 "$COHMARK" verify empty

for kind in segmentation classification failed tiny; do
    for audience in site public; do
        out="$kind-$audience"
        mkdir "$out"
        "$fake" "$kind" "$audience" "$out"
        code 0 "$COHMARK" verify "$out/report.xml"
        code 0 "$COHMARK" verify "$out/openebench.json" --against "$out/report.xml"
        grep -q '^holds  *against' out.txt || fail "the datasets were not compared with the report: $(cat out.txt)"
        code 0 "$COHMARK" verify -q "$out/report.xml"
        [ ! -s out.txt ] || fail "-q prints although nothing is broken: $(cat out.txt)"
    done
done
code 0 "$COHMARK" verify segmentation-site/report.xml --format json
grep -q '"verdict": "nothing is broken"' out.txt || fail "no verdict in JSON"
grep -q '"holds": 4' out.txt || fail "not four kinds of checks: $(cat out.txt)"
grep -q 'byte for byte' out.txt || fail "the report was not computed again"

# one digit of one result, and everyone is told
sed 's/ mean="0\./ mean="0.1/' segmentation-site/report.xml > segmentation-site/changed.xml
code 3 "$COHMARK" verify segmentation-site/changed.xml
grep -q '^broken  *hash' out.txt || fail "the hash is not said to be broken: $(cat out.txt)"
grep -q '^broken  *recomputed' out.txt || fail "no number is said to differ: $(cat out.txt)"
grep -q 'not to be relied on' out.txt || fail "no verdict"
code 3 "$COHMARK" verify segmentation-site/openebench.json --against classification-site/report.xml
grep -q '^broken  *against' out.txt || fail "datasets of another report pass"
code 2 "$COHMARK" verify segmentation-site/report.xml --against segmentation-site/report.xml
sed 's/"minimize"/"maximize"/' segmentation-site/openebench.json > wrong.json
code 3 "$COHMARK" verify wrong.json --format json
grep -q 'less is better, the plot says more' out.txt || fail "a wrong direction is not named: $(cat out.txt)"

examples="$CM_SHARED/reference/openebench/examples"
if [ ! -d "$examples" ]; then echo "OpenEBench's examples are not here: their check is left out"; exit 0; fi
for file in "$examples"/valid/*.json; do code 0 "$COHMARK" verify -q "$file"; done
for file in "$examples"/invalid/*.json; do
    code 3 "$COHMARK" verify "$file"
    grep -q '"challenges_ids", which OpenEBench does not know' out.txt || fail "$file: not the known reason"
done
echo "verified, and refused for the right reasons"
