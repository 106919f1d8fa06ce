# Real glioma MR with three real tools: every case's Dice as another engine gave it.
set -eu
. "$CM_TEST_DIR/real/common.sh"
ingest glioma
for t in dilated_c16 unet_c8d3 unet_c4d2; do tool glioma $t; done
cat >bench.xml <<'X'
<bench xmlns="urn:cohmark:bench:1" schemaVersion="1.0" id="glioma" version="1" title="FLAIR abnormality of lower-grade glioma" task="segmentation">
  <cohort path="glioma-cohort"/>
  <tools><tool path="tools/dilated_c16"/><tool path="tools/unet_c8d3"/><tool path="tools/unet_c4d2"/></tools>
  <metrics><metric id="DSC"/><metric id="IOU"/><metric id="HD95.vox.maxdir"/></metrics>
</bench>
X
"$COHMARK" run bench.xml -o run -q || fail "the run ended with $?"
n=0
while IFS=, read -r id model _ _ _ dice iou _; do
    [ "$id" = case_id ] && continue
    close "$dice" "$("$predictions" value run "glioma-$(echo "$model" | tr _ -)" "$id" abnormality DSC)" 0.002 "DSC of $model on $id"
    close "$iou" "$("$predictions" value run "glioma-$(echo "$model" | tr _ -)" "$id" abnormality IOU)" 0.003 "IOU of $model on $id"
    n=$((n + 1))
done <"$CM_SHARED/data/glioma-mr/expected.csv"
[ "$n" -eq 18 ] || fail "$n values compared, not 18"
grep -q 'unit="mm"' run/report.xml && fail "a distance in mm on a cohort of unknown spacing"
valid_report run/report.xml
echo "18 Dice and IOU values agree"
