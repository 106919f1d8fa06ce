# cohmark diff: 0 when nothing differs, 1 when something does, and what differs in words.
set -eu
fail() { echo "$*"; exit 1; }
code() { # code EXPECTED COMMAND...
    local expected=$1 got=0
    shift
    "$@" > out.txt 2> err.txt || got=$?
    [ "$got" -eq "$expected" ] || fail "$* ended with $got, not $expected: $(cat out.txt err.txt)"
}
says() { grep -Eq "$1" out.txt || fail "no line like \"$1\": $(cat out.txt)"; }
for kind in segmentation failed tiny classification; do
    mkdir "$kind"
    "$CM_BUILD_DIR/tests/fake_report" "$kind" site "$kind"
done
a=segmentation/report.xml
"$COHMARK" diff --help | grep -q -- '--tolerance' || fail "--help does not name --tolerance"
code 2 "$COHMARK" diff $a
code 2 "$COHMARK" diff $a $a --tolerance -1
code 2 "$COHMARK" diff $a $a --tolerance nan
code 3 "$COHMARK" diff $a no-such-file
echo "<report/>" > wrong.xml
code 3 "$COHMARK" diff $a wrong.xml

code 0 "$COHMARK" diff $a $a
says '^holds  *results .*byte for byte'
mkdir again
"$CM_BUILD_DIR/tests/fake_report" segmentation site again
code 0 "$COHMARK" diff -q $a again/report.xml
[ ! -s out.txt ] || fail "-q prints"

# failures: outcomes, values, places, verdict, cases
code 1 "$COHMARK" diff $a failed/report.xml
says '^changed  *verdict  *outcome: clear, now incomplete'
says '^changed  *outcomes  *weak: crash: no case, now 12'
says '^changed  *values  *DSC of organ, weak: 0\.57, now 0 \(-0\.57\)'
says '^changed  *counts  *DSC of organ, weak: ok 24, now 0; missing 0, now 24'
says '^changed  *ranking  *weak: place: 2, now 3'
says '^changed  *cases  *25 items ended in another state'
says '^holds  *tools'
says '^holds  *cohort'
code 1 "$COHMARK" diff $a failed/report.xml --format json
says '"verdict": "the reports differ"'

# fewer cases
code 1 "$COHMARK" diff $a tiny/report.xml
says '^changed  *cohort  *cases: 24, now 3'
says '^changed  *cases  *21 cases are gone: case-0003, case-0004, case-0005 \.\.\.'
code 1 "$COHMARK" diff tiny/report.xml $a
says '21 cases are new'

# single changes (the id no longer fits: diff compares, verify judges)
change() { sed "$1" $a > changed.xml; if cmp -s $a changed.xml; then fail "$1 changes nothing"; fi; code "${2:-1}" "$COHMARK" diff $a changed.xml; }
change 's/<engine name="cohmark" version="[^"]*"/<engine name="cohmark" version="9.9"/'
says '^changed  *engine  *version: .*, now 9\.9'
change 's/\(<tool key="weak".*\) version="1.1"/\1 version="1.2"/'
says '^changed  *tools  *weak: version: 1\.1, now 1\.2'
change 's/seed="20260101"/seed="7"/'
says '^changed  *bench  *statistics: seed: 20260101, now 7'
change 's/ sha256="c0c0/ sha256="c1c0/'
says '^changed  *cohort  *sha256: c0c0'
change 's/DUO:0000042/DUO:0000018/'
says '^changed  *cohort  *data use general research use: code: DUO:0000042, now DUO:0000018'
change 's/modality-code="[^"]*"/modality-code="DCM:MR"/'
says '^changed  *cohort  *modality-code: DCM:CT, now DCM:MR'
change 's/<formula>/<formula>more or less /'
says '^changed  *definitions  *DSC: formula'
change '/<aggregates>/,/<.aggregates>/s/ mean="0\.785"/ mean="0.7851"/'
says '^changed  *values  *DSC of organ, good: 0\.785, now 0\.7851 \(\+0\.0001\)'
code 0 "$COHMARK" diff $a changed.xml --tolerance 0.001
says 'nothing differs'
change '/<cases>/,/<.cases>/s/metric="DSC">0\.84</metric="DSC">0.85</'
says '^changed  *cases  *DSC of lesion, good, case-0001: 1 values of 1 cases .* 0\.84, now 0\.85'
change 's/<tool key="third"/<tool key="fourth"/; s/tool="third"/tool="fourth"/'
says '^changed  *tools  *tool third is gone'
says '^changed  *tools  *tool fourth is new'

# what the lines above do not speak of is told element by element
inside() { change "/<$1[ >]/,/<.$1>/$2"; }
inside comparison 's/ adjusted-p="[^"]*"/ adjusted-p="0.04"/'
says '^changed  *comparison  *pairs, pair good weak: adjusted-p: .*, now 0\.04'
inside combined 's/ weight="2"/ weight="3"/'
says '^changed  *combined  *part DSC mean-of-targets: weight: 2, now 3'
inside classes 's/ square="1"/ square="2"/'
says '^changed  *classes  *plane organ DSC HD95\.vox\.maxdir, point good: square: 1, now 2'
inside subgroups 's/ tau-squared="0"/ tau-squared="1"/'
says '^changed  *subgroups  *attribute sex, heterogeneity DSC organ good: tau-squared: 0, now 1'
inside examples 's/<example kind="best" tool="good" target="organ"/<example kind="median" tool="good" target="organ"/'
says '^changed  *examples  *gone: example best DSC organ good'
inside ranking 's/<interval low="0\.[0-9]*"/<interval low="0.1"/'
says '^changed  *details  *standing good, interval: low: .*, now 0\.1'
inside statistics 's/ method="holm"/ method="none"/'
says '^changed  *details  *statistics, rule several-pairs: method: holm, now none'
inside metrics 's/<parameter name="percentile" value="95"/<parameter name="percentile" value="96"/'
says '^changed  *details  *metric HD95\.vox\.maxdir, parameter percentile: value: 95, now 96'
inside cases 's/ voxels="32768"/ voxels="32769"/'
says '^changed  *results  *the bytes differ'
sed '/<curve /,/<.curve>/s/<point x="0" y="[^"]*"/<point x="0" y="0.25"/' classification/report.xml > changed.xml
code 1 "$COHMARK" diff classification/report.xml changed.xml
says '^changed  *curves  *curve roc healthy sharp, point: y: .*, now 0\.25'

mkdir public
"$CM_BUILD_DIR/tests/fake_report" segmentation public public
code 1 "$COHMARK" diff $a public/report.xml
says '^changed  *report  *audience: site, now public'
says '^not-checked  *cases  *the second report carries no values of cases'
code 1 "$COHMARK" diff $a classification/report.xml
says '^changed  *bench  *task: segmentation, now classification'
# a bug: several warnings of one code were all compared with the first
sed '0,/<warning /s//<warning code="undefined" tool="good" cases="3">x<\/warning><warning code="undefined" tool="good" cases="4">y<\/warning><warning code="undefined" tool="weak" cases="5">z<\/warning><warning /' $a > warned.xml
if cmp -s $a warned.xml; then fail "no warning to put others before"; fi
sed 's/<engine name="cohmark" version="[^"]*"/<engine name="cohmark" version="9.9"/' warned.xml > again.xml
code 1 "$COHMARK" diff warned.xml again.xml
says '^holds  *verdict  *the same verdict and warnings'
sed 's/tool="good" cases="4"/tool="good" cases="6"/' warned.xml > again.xml
code 1 "$COHMARK" diff warned.xml again.xml
says '^changed  *warnings  *undefined, good: cases: 4, now 6'
[ "$(grep -c '^changed  *warnings' out.txt)" -eq 1 ] || fail "more warnings changed: $(cat out.txt)"
code 1 "$COHMARK" diff warned.xml $a
says '^changed  *warnings  *warning undefined, weak is gone'
echo "differences in words"
