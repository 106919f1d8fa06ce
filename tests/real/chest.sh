# Real chest X-rays with three real classifiers: AUROC and the others as expected, and the best tool depends on the metric.
set -eu
. "$CM_TEST_DIR/real/common.sh"
ingest chest-xray
for t in logreg cnn2 resnet_mini; do tool pneumonia $t; done
cat >bench.xml <<'X'
<bench xmlns="urn:cohmark:bench:1" schemaVersion="1.0" id="chest" version="1" title="Pneumonia on paediatric chest X-rays" task="classification">
  <cohort path="chest-xray-cohort"/>
  <tools><tool path="tools/logreg"/><tool path="tools/cnn2"/><tool path="tools/resnet_mini"/></tools>
  <metrics><metric id="AUROC"/><metric id="BACC"/><metric id="AP.step"/><metric id="ACC"/><metric id="F1"/><metric id="MCC"/><metric id="BRIER.binary"/></metrics>
</bench>
X
"$COHMARK" run bench.xml -o run -q || fail "the run ended with $?"
valid_report run/report.xml
while IFS=, read -r model _ auroc ap bacc acc f1 mcc _ brier _; do
    [ "$model" = model ] && continue
    id=pneumonia-$(echo "$model" | tr _ -)
    close "$auroc" "$(cell run/report.xml "$id" AUROC pneumonia)" 1e-4 "AUROC of $model"
    close "$ap" "$(cell run/report.xml "$id" AP.step pneumonia)" 1e-4 "AP of $model"
    close "$bacc" "$(cell run/report.xml "$id" BACC pneumonia)" 1e-4 "BACC of $model"
    close "$acc" "$(cell run/report.xml "$id" ACC pneumonia)" 1e-4 "ACC of $model"
    close "$f1" "$(cell run/report.xml "$id" F1 pneumonia)" 1e-4 "F1 of $model"
    close "$mcc" "$(cell run/report.xml "$id" MCC pneumonia)" 1e-4 "MCC of $model"
    close "$brier" "$(cell run/report.xml "$id" BRIER.binary pneumonia)" 1e-4 "BRIER of $model"
done <"$CM_SHARED/data/chest-xray/expected_metrics.csv"
[ "$(place run/report.xml pneumonia-cnn2 AUROC pneumonia)" = 1 ] || fail "cnn2 should be first by AUROC"
[ "$(place run/report.xml pneumonia-logreg AUROC pneumonia)" = 3 ] || fail "logreg should be third by AUROC"
[ "$(place run/report.xml pneumonia-logreg BACC pneumonia)" = 1 ] || fail "logreg should be first by BACC"
[ "$(place run/report.xml pneumonia-cnn2 BACC pneumonia)" = 2 ] || fail "cnn2 should be second by BACC"
echo "21 values agree, and the best tool depends on the metric"
