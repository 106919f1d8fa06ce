# cohmark tool: init, check, show and pack, and what check refuses with which exit code.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }
expect() { # expect CODE COMMAND...
    local want=$1 got=0
    shift
    "$@" >out.txt 2>err.txt || got=$?
    [ "$got" = "$want" ] || { cat out.txt err.txt >&2; fail "$* exits $got, not $want"; }
}
said() { grep -q -- "$1" out.txt err.txt || { cat out.txt err.txt >&2; fail "not said: $1"; }; }

mkdir models && "$CM_BUILD_DIR/tests/write_tool_models" models

# From a model to an accepted package. The model's channels and names are taken over.
mkdir net && cp models/good.onnx net/model.onnx && echo MIT >net/LICENSE
expect 0 "$COHMARK" tool init net
grep -q 'input="image" output="logits"' net/tool.xml || fail "init reads the names"
grep -q 'dimension="2"' net/tool.xml || fail "init reads the dimension"
expect 3 "$COHMARK" tool init net
said 'there is a tool.xml already'
expect 0 "$COHMARK" tool check net
said '^accepted'
said 'parameters   4'
said 'Conv 1'
expect 0 "$COHMARK" tool show net
said 'z-score, population sd, of all voxels of each channel'
said '2-D slices along z'
expect 0 "$COHMARK" tool pack net -o net.tool
expect 0 "$COHMARK" tool pack net -o again.tool
cmp net.tool again.tool || fail "packing gives the same bytes"
[ "$(tar tf net.tool | tr '\n' ' ')" = "tool.xml model.onnx LICENSE " ] || fail "tar lists a package"
tar xOf net.tool model.onnx | cmp - models/good.onnx || fail "tar reads a package"
expect 0 "$COHMARK" tool check net.tool --cohort-like 100x50x7@0.5x0.5x3
said '100x50x7 voxels, 0.5x0.5x3 mm'
said 'windows      7 of \[1,1,64,112\]'
"$COHMARK" tool show net | grep sha256 >a.txt
"$COHMARK" tool show net.tool | grep sha256 | cmp - a.txt || fail "a folder and its package are the same tool"
# A package of GNU tar in the same format is read as well; one with a folder in it is not.
tar --format=ustar -cf gnu.tool -C net tool.xml model.onnx && expect 0 "$COHMARK" tool check gnu.tool
tar --format=ustar -cf folder.tool net && expect 6 "$COHMARK" tool check folder.tool
head -c 1500 net.tool >cut.tool && expect 3 "$COHMARK" tool check cut.tool
# A classifier or a fixed size: init without a model.
expect 0 "$COHMARK" tool init fresh
expect 3 "$COHMARK" tool check fresh
said 'model.onnx'

# JSON.
expect 0 "$COHMARK" tool check net --format json --threads 3
if command -v python3 >/dev/null; then
    python3 - <<'P' || fail "the JSON of check"
import json
d = json.load(open("out.txt"))
assert d["accepted"] and d["problems"] == []
assert d["models"][0]["operators"] == {"Conv": 1} and d["models"][0]["parameters"] == 4
assert d["models"][0]["inputs"] == [{"name": "image", "shape": [None, 1, None, None]}]
assert d["cost"]["threads"] == 3 and d["cost"]["windows"] == 1 and d["cost"]["peakBytes"] > 256 * 256 * 4
assert d["tool"]["task"] == "segmentation" and len(d["tool"]["sha256"]) == 64
P
fi

# Bare models.
expect 0 "$COHMARK" tool check models/good.onnx
said 'one run      \[1,1,64,64\]'
expect 0 "$COHMARK" tool check models/good.onnx --shape 1,1,8,16
said 'operations   0.00 M'
expect 3 "$COHMARK" tool check models/two_outputs.onnx
said 'first, second'
expect 0 "$COHMARK" tool check models/two_outputs.onnx --output second
expect 3 "$COHMARK" tool check models/two_outputs.onnx --output third
said "no output named 'third'"
expect 6 "$COHMARK" tool check models/external.onnx
expect 5 "$COHMARK" tool check models/doubling.onnx
expect 6 "$COHMARK" tool check models/loop.onnx
for name in Loop Det RandomNormalLike; do said "$name"; done # all three, not the first only
said 'loop.onnx: node 2 "y" (RandomNormalLike).*Export the model without it' # where it is, and what to do
said 'loop.onnx: node 1 "b" (Det).*Export with operators of docs/operators.md'
expect 3 "$COHMARK" tool check models/none.onnx

# Where the time goes: layers in order, joined ones as one, then sums; for a bare model and for a tool.
expect 0 "$COHMARK" tool profile models/good.onnx --shape 1,1,8,16 --threads 1 --repeat 2
said '    1 .*%.* Conv.*\[1,2,8,16\] '
said 'one run, mean of 2; 1 thread, '
expect 0 "$COHMARK" tool profile net --format json
if command -v python3 >/dev/null; then
    python3 - <<'P'
import json, math
d = json.load(open("out.txt"))
assert d["repeat"] == 3 and d["seconds"] > 0 and d["tensor"] == [1, 1, 256, 256]
assert d["layers"] and all(l["seconds"] > 0 for l in d["layers"])
assert sum(l["seconds"] for l in d["layers"]) <= d["seconds"]
assert math.isclose(sum(l["operations"] for l in d["layers"]), d["operations"])
assert sum(s["layers"] for s in d["sums"]) == len(d["layers"])
P
fi
expect 6 "$COHMARK" tool profile models/loop.onnx
expect 2 "$COHMARK" tool profile models/good.onnx --repeat 0

# Everything wrong with tool.xml at once, with its lines.
mkdir wrong && cp models/good.onnx wrong/model.onnx
sed -e 's|<z-score[^>]*/>|<divide by="0"/><pad/>|' -e 's|</input>|<mirror axes="z"/></input>|' net/tool.xml >wrong/tool.xml
expect 3 "$COHMARK" tool check wrong
said 'divide by 0'
said 'pad names no axis'
said 'slices are mirrored along the slice axis'
said 'refused: 3 problems'
line=$(grep -n 'divide by="0"' wrong/tool.xml | cut -d: -f1)
said "tool.xml:$line: divide by 0"
sed 's|<task>.*</task>|<task>surgery</task>|' net/tool.xml >wrong/tool.xml
expect 3 "$COHMARK" tool check wrong
said "tool.xml:$(grep -n surgery wrong/tool.xml | cut -d: -f1)"
sed 's|channel name="channel0"/>|channel name="a"/><channel name="b"/>|' net/tool.xml >wrong/tool.xml
expect 3 "$COHMARK" tool check wrong
said '1 in the model, 2 in tool.xml'
rm wrong/model.onnx && ln -s ../models/good.onnx wrong/model.onnx
cp net/tool.xml wrong/tool.xml
expect 6 "$COHMARK" tool check wrong
said 'link'

# Usage.
expect 0 "$COHMARK" tool --help
expect 2 "$COHMARK" tool
expect 2 "$COHMARK" tool juggle net
expect 2 "$COHMARK" tool pack net
expect 2 "$COHMARK" tool check net --cohort-like 12x12
expect 2 "$COHMARK" tool check net --shape 1,,2
expect 2 "$COHMARK" tool check net --format xml

# The examples of the documentation are valid: with no model beside them that is all there is to say.
awk '/^```xml/ {n++; on = 1; next} /^```/ {on = 0} on {print > ("example" n ".xml")}' "$CM_SOURCE_DIR/docs/tool-package.md"
[ "$(ls example*.xml | wc -l)" -ge 5 ] || fail "docs/tool-package.md has its examples"
for example in example*.xml "$CM_TEST_DIR"/real/tools/*.xml; do
    rm -rf example && mkdir example && cp "$example" example/tool.xml
    expect 3 "$COHMARK" tool check example
    n=$(grep -c '<model ' "$example")
    [ "$n" = 1 ] && said 'refused: 1 problem$' || said "refused: $n problems$"
    said "$(sed -n 's/.*<model file="\([^"]*\)".*/\1/p' "$example" | head -n 1)"
done

# Under the limits of a bench: each refuses before anything is run, and a bench without limits changes nothing.
with_limits() { # with_limits ATTRIBUTES: bench.xml
    "$COHMARK" bench init new.xml >/dev/null
    sed "s|<limits[^>]*/>|<limits $1/>|" new.xml >bench.xml
    rm new.xml
}
with_limits 'seconds-per-case="0"'
expect 0 "$COHMARK" tool check net --bench bench.xml
for limit in file-bytes weight-bytes tensor-bytes memory-bytes operations; do
    with_limits "$limit=\"1\""
    expect 5 "$COHMARK" tool check net --bench bench.xml
    expect 5 "$COHMARK" tool check net.tool --bench bench.xml
    said 'refused: 1 problem'
done
with_limits 'nodes="39"'
expect 5 "$COHMARK" tool check models/doubling.onnx --bench bench.xml
said 'more nodes than are allowed'
with_limits 'seconds-per-case="0.000001"'
expect 0 "$COHMARK" tool check net --bench bench.xml
said 'ABOVE it'
"$COHMARK" bench show bench.xml | grep -q 'operations 1000000000000000' || fail "bench show tells the limits"
expect 3 "$COHMARK" tool check net --bench none.xml
