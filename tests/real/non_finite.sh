# A legal model whose output is NaN everywhere: accepted when tool.xml names an output, run, and every case ends as
# non-finite output, unscored; the run goes on and ends with exit code 4.
set -eu
. "$CM_TEST_DIR/real/common.sh"
ingest glioma
mkdir -p tools/nan
cp "$CM_SHARED/models/hostile/12-output-nan.onnx" tools/nan/model.onnx
cat >tools/nan/tool.xml <<'X'
<tool xmlns="urn:cohmark:tool:1" schemaVersion="1.0" id="nan" version="1">
  <name>NaN</name>
  <licence>none</licence>
  <task>segmentation</task>
  <model file="model.onnx" output="y"/>
  <channels><channel name="pre"/><channel name="flair"/><channel name="post"/></channels>
  <input dimension="2" slice-axis="z"><window x="8" y="8" overlap="0"/></input>
  <output activation="none"><argmax/></output>
</tool>
X
tool glioma unet_c4d2
cat >bench.xml <<'X'
<bench xmlns="urn:cohmark:bench:1" schemaVersion="1.0" id="nan" version="1" title="A tool that gives NaN" task="segmentation">
  <cohort path="glioma-cohort"/>
  <tools><tool path="tools/nan"/><tool path="tools/unet_c4d2"/></tools>
  <metrics><metric id="DSC"/></metrics>
</bench>
X
code=0
"$COHMARK" run bench.xml -o run -q || code=$?
[ "$code" = 4 ] || fail "exit code $code, not 4"
valid_report run/report.xml
[ "$(xmllint --xpath "string(//*[local-name()='outcome'][@tool='nan']/*[local-name()='state'][@name='non-finite-output']/@cases)" run/report.xml)" = 6 ] ||
    fail "not all six cases are non-finite output"
[ -z "$("$predictions" value run nan c001 abnormality DSC)" ] || fail "a case with a non-finite output was scored"
[ "$(place run/report.xml nan DSC abnormality)" = 2 ] || fail "the failing tool should be last"
sed -i 's/ output="y"//' tools/nan/tool.xml
code=0
"$COHMARK" tool check tools/nan >/dev/null 2>&1 || code=$?
[ "$code" = 3 ] || fail "a model with two outputs and none named: exit code $code, not 3"
echo "non-finite output is a status, never a score"
