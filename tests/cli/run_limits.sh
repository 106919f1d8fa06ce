# Time and memory limits of a bench, enforced while a case runs: the tool that passes them gets its status for each case, the others finish, and
# neither a polite stop in the middle of a case nor a resume changes that. The slow net would take minutes for each case.
set -eu
. "$CM_TEST_DIR/support/launch.sh"
cases=2
make_demo $cases
cd demo/segmentation
mkdir models
"$CM_BUILD_DIR/tests/write_tool_models" models
# tool ID MODEL: a tool that gives the model the whole image
tool() {
    mkdir "$1"
    cp "$2" "$1/model.onnx"
    cat >"$1/tool.xml" <<END
<tool xmlns="urn:cohmark:tool:1" schemaVersion="1.0" id="$1" version="1">
  <name>$1</name><licence>MIT</licence><task>segmentation</task><model file="model.onnx"/>
  <channels><channel name="t1"/></channels>
  <input dimension="3"><whole/></input>
  <output><threshold value="0.5" label="1"/></output>
</tool>
END
}
tool slow models/slow.onnx

# bench FILE LIMITS: the demo's bench with two tools and these limits
bench() {
    sed -e '/<tool path=/d' -e '/<limits/d' -e 's|<tools>|<tools><tool path="slow"/><tool path="tools/threshold"/>|' \
        -e "s|<openebench|<limits $2/>&|" bench.xml >"$1"
}
# cases_of RUN TOOL STATE
cases_of() {
    xmllint --xpath "sum(//*[local-name()='outcome'][@tool='$2']/*[local-name()='state'][@name='$3']/@cases)" "$1/report.xml"
}
# check RUN STATE: every case of the slow tool ended so, every case of the other well
check() {
    [ "$(cases_of "$1" slow "$2")" = $cases ] || fail "$1: $(cases_of "$1" slow "$2") of $cases slow cases are $2"
    [ "$(cases_of "$1" threshold ok)" = $cases ] || fail "$1: $(cases_of "$1" threshold ok) of $cases fast cases are ok"
}
seconds() {
    date +%s.%N
}
# within SECONDS START WHAT
within() {
    awk -v a="$2" -v b="$(seconds)" -v most="$1" 'BEGIN { exit !(b - a < most) }' || fail "$3 took $(awk -v a="$2" -v b="$(seconds)" 'BEGIN { print b - a }') s"
}

# Time. The limit leaves the fast tool room on a busy machine; sanitizers slow a stop down, too.
bench late.xml 'seconds-per-case="1.2"'
start=$(seconds)
code=0
"$COHMARK" run late.xml -o late --threads 1 -q || code=$?
[ $code = 4 ] || fail "a run with timeouts gave exit code $code, not 4"
within 30 "$start" "a run of $cases cases of at most 1.2 s"
check late timeout
results late/report.xml >late.results

# The same with a stop in the middle of a slow case: it ends at once, and the case is done again.
"$COHMARK" run late.xml -o stopped --threads 1 -q &
child=$!
for _ in $(seq 1 200); do
    "$COHMARK" status stopped --format json 2>/dev/null | grep -q '"in_flight": [1-9]' && break
    sleep 0.05
done
sleep 0.3
start=$(seconds)
kill -TERM $child
code=0
wait $child || code=$?
[ $code = 75 ] || fail "a stop in the middle of a case gave exit code $code, not 75"
within 10 "$start" "stopping in the middle of a case"
code=0
"$COHMARK" run -o stopped --resume --threads 2 -q || code=$?
[ $code = 4 ] || fail "resuming gave exit code $code, not 4"
check stopped timeout
results stopped/report.xml >stopped.results
cmp late.results stopped.results || fail "a stop and a resume changed the results"

# A timeout is settled: resuming the finished run tries nothing again.
start=$(seconds)
code=0
"$COHMARK" run -o late --resume -q || code=$?
[ $code = 4 ] || fail "resuming a finished run gave exit code $code, not 4"
results late/report.xml >again.results
cmp late.results again.results || fail "resuming a finished run changed its results"

# Memory: the fast tool plans some 4 MB for a case, the slow one more than 100 MB.
bench small.xml 'memory-bytes="16000000"'
code=0
"$COHMARK" run small.xml -o small --threads 1 -q || code=$?
[ $code = 4 ] || fail "a run with memory limits gave exit code $code, not 4"
check small memory-limit
results small/report.xml >small.results
code=0
"$COHMARK" run -o small --resume -q || code=$?
results small/report.xml >again.results
[ $code = 4 ] && cmp small.results again.results || fail "resuming a finished run changed its results"
echo "limits end a case of one tool and no other"
