# cohmark consensus: places worked out by hand, both policies, both formats, exit codes.
set -eu
fail() { echo "$*"; exit 1; }
code() { # code EXPECTED COMMAND...
    local expected=$1 got=0
    shift
    "$@" > out.txt 2> err.txt || got=$?
    [ "$got" -eq "$expected" ] || fail "$* ended with $got, not $expected: $(cat out.txt err.txt)"
}
row() { grep -Eq "$1" out.txt || fail "no line like \"$1\" in: $(cat out.txt)"; }
fake="$CM_BUILD_DIR/tests/fake_report"
for kind in segmentation failed classification; do
    mkdir "$kind"
    "$fake" "$kind" site "$kind"
done
mkdir tiny-public
"$fake" tiny public tiny-public
code 2 "$COHMARK" consensus
code 2 "$COHMARK" consensus segmentation/report.xml
code 2 "$COHMARK" consensus segmentation/report.xml=0 failed/report.xml
code 2 "$COHMARK" consensus segmentation/report.xml=two failed/report.xml
code 2 "$COHMARK" consensus segmentation/report.xml failed/report.xml --missing best
code 3 "$COHMARK" consensus segmentation/report.xml nothing.xml
code 3 "$COHMARK" consensus segmentation/report.xml segmentation/report.xml
grep -q "named twice" err.txt || fail "the same report twice: $(cat err.txt)"
code 3 "$COHMARK" consensus segmentation/report.xml tiny-public/report.xml
grep -q "hides the places" err.txt || fail "a hidden ranking: $(cat err.txt)"

# Places 1, 2.5, 2.5 and, where weak failed on every case, 1, 3, 2. With weights 2 and 1: 1, 8/3, 7/3.
code 0 "$COHMARK" consensus segmentation/report.xml=2 failed/report.xml
row '^ +1 +good +1 +1 \(1\) 1 \(1\)$'
row '^ +2 +third +2\.333 +2\.5 \(2\) 2 \(2\.5\)$'
row '^ +3 +weak +2\.667 +2\.5 \(3\) 3 \(2\.5\)$'
row '^bench 1 +1\.000 +0\.816$' # two of three pairs are untied in one: 2 / sqrt(2 * 3)

# Two tasks share no tool: five tools, those of the other bench share the last places.
code 0 "$COHMARK" consensus segmentation/report.xml classification/report.xml
row '^ +1 +good +2\.5 +1 \(4\) 4\* \(1\)$'
row '^ +2 +sharp +2\.75 +4\.5\* \(1\) 1 \(4\.5\)$'
row '^bench 1 +1\.000 +-$'
code 3 "$COHMARK" consensus segmentation/report.xml classification/report.xml --missing exclude
grep -q "no tool is ranked by every bench" err.txt || fail "$(cat err.txt)"

# A third bench without weak: left out of the consensus, but how alike the first two order it stays as it was.
sed 's/\(id="sha256:\)[0-9a-f]/\1f/; s/id="weak"/id="other"/' segmentation/report.xml > third.xml
cmp -s third.xml segmentation/report.xml && fail "nothing was renamed"
code 0 "$COHMARK" consensus segmentation/report.xml failed/report.xml third.xml --missing exclude
row '^ +- +weak +- +not ranked in every bench$'
row '^bench 1 +1\.000 +0\.816 '

code 0 "$COHMARK" consensus segmentation/report.xml=2 failed/report.xml --format json
command -v python3 > /dev/null || exit 0
python3 - <<'END' || fail "the JSON is not what it should be: $(cat out.txt)"
import json
c = json.load(open("out.txt"))
assert [t["tool"] for t in c["tools"]] == ["good", "third", "weak"]
assert [t["place"] for t in c["tools"]] == [1, 2, 3]
assert abs(c["tools"][2]["score"] - 8 / 3) < 1e-15 and c["benches"][0]["weight"] == 2
assert c["benches"][1]["tau"][1] == 1 and abs(c["benches"][0]["tau"][1] - (2 / 3) ** 0.5) < 1e-15
END
