# Every document of a report holds against a checker that is not ours: xmllint with report.xsd, an HTML page that
# loads nothing, and OpenEBench's own schema where the shared material is there.
set -eu
fake="$CM_BUILD_DIR/tests/fake_report"
xsd="$CM_SOURCE_DIR/engine/report/report.xsd"
schema="$CM_SHARED/reference/openebench/schemas/level2/minimal_bdm_oeb_level2.yaml"
command -v xmllint > /dev/null || { echo "skipped: xmllint (package libxml2-utils) is not here"; exit 77; }

for kind in segmentation classification failed tiny hostile single broken; do
    for audience in site public; do
        out="$kind-$audience"
        mkdir "$out"
        "$fake" "$kind" "$audience" "$out"
        xmllint --noout --nonet --schema "$xsd" "$out/report.xml" 2> xmllint.log || { cat xmllint.log; exit 1; }
        # nothing is fetched from anywhere, and no script runs but the page's own
        [ "$(grep -o '<script' "$out/report.html" | wc -l)" -eq 1 ] || { echo "$out/report.html: more than its one script"; exit 1; }
        if grep -Eiq '<script [a-z]|<link|<iframe|src="(https?:|//|/)|url\(|@import' "$out/report.html"; then
            echo "$out/report.html refers to something outside itself"; exit 1
        fi
        if grep -Eq 'NaN|Infinity' "$out/report.xml" "$out/report.html" "$out/openebench.json"; then
            echo "$out: a number that is none"; exit 1
        fi
    done
done
for tool in good weak third; do
    grep -q ">$tool<" segmentation-site/report.html || { echo "no $tool in report.html"; exit 1; }
done
# a public report knows no case
if grep -rl 'case-0' ./*-public; then echo "a public document names a case"; exit 1; fi
# the schema is not a formality: a wrong document fails it
sed 's/audience="site"/audience="everyone"/' segmentation-site/report.xml > wrong.xml
if xmllint --noout --nonet --schema "$xsd" wrong.xml 2> /dev/null; then echo "the schema takes anything"; exit 1; fi

# every element, attribute and type of the schema says what it is
named="*[local-name()='element' or local-name()='attribute' or local-name()='complexType' or local-name()='simpleType'][@name]"
silent="not(*[local-name()='annotation']/*[local-name()='documentation'][normalize-space()])"
[ "$(xmllint --xpath "count(//$named)" "$xsd")" -gt 500 ] || { echo "the schema is not read"; exit 1; }
[ "$(xmllint --xpath "count(//$named[$silent])" "$xsd")" -eq 0 ] || {
    echo "without documentation in report.xsd:"; xmllint --xpath "//$named[$silent]/@name" "$xsd"; exit 1; }

if [ ! -f "$schema" ]; then echo "OpenEBench's schema is not here: its check is left out"; exit 0; fi
python3 -c 'import jsonschema, yaml' 2> /dev/null || { echo "python3 with jsonschema and yaml is not here: OpenEBench's check is left out"; exit 0; }
python3 - "$schema" ./*/openebench.json << 'PYTHON'
import json, sys
import jsonschema, yaml

schema = yaml.safe_load(open(sys.argv[1]))
validator = jsonschema.Draft201909Validator(schema)

def refuse(text):
    raise ValueError("not JSON: " + text)

for path in sys.argv[2:]:
    data = json.load(open(path), parse_constant=refuse)
    errors = list(validator.iter_errors(data))
    assert not errors, f"{path}: {errors[0].message} at {list(errors[0].absolute_path)}"
    ids = [d["_id"] for d in data if "_id" in d]
    assert len(ids) == len(set(ids)), f"{path}: an id is there twice"
    people = {d["participant_id"] for d in data if d.get("type") == "participant"}
    for d in data:
        if d.get("type") == "assessment":
            assert d["participant_id"] in people, path
        if d.get("type") == "aggregation":
            look = d["datalink"]["inline_data"]["visualization"]
            series = [m for shown in look.get("representations", []) for m in shown["metrics_series"]]
            assert "optimization" in look or all("optimization" in m for m in series), path
# the checker can fail
data[0]["extra"] = 1
assert list(validator.iter_errors(data)), "the schema takes anything"
print(len(sys.argv) - 2, "files hold against OpenEBench's schema")
PYTHON

python3 - "$CM_SHARED/reference/openebench/schemas" ./*/openebench-full.json << 'PYTHON'
import glob, json, sys, warnings
warnings.simplefilter("ignore")
import jsonschema

def schemas(folder):
    found = [json.load(open(path)) for path in glob.glob(folder + "/*.json")]
    return {schema["$id"]: schema for schema in found}

model, inline = schemas(sys.argv[1] + "/bdm-1.0.x"), schemas(sys.argv[1] + "/level2")
for path in sys.argv[2:]:
    objects = json.load(open(path))
    ids = [o["_id"] for o in objects]
    assert len(ids) == len(set(ids)), f"{path}: an id is there twice"
    of = {concept: {o["_id"] for o in objects if o["_schema"].endswith("/" + concept)}
          for concept in ("Dataset", "Tool", "Metrics", "Challenge", "TestAction")}
    assert of["Dataset"] and of["Tool"] and of["Challenge"] and of["TestAction"], f"{path}: a concept is missing"
    for o in objects:
        schema = model[o["_schema"]]
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=dict(model))
        errors = list(jsonschema.Draft7Validator(schema, resolver=resolver).iter_errors(o))
        assert not errors, f"{path}: {o['_id']}: {errors[0].message}"
        link = o.get("datalink", {})
        if "schema_url" in link:
            errors = list(jsonschema.Draft201909Validator(inline[link["schema_url"]]).iter_errors(link["inline_data"]))
            assert not errors, f"{path}: {o['_id']}: {errors[0].message}"
        depends = o.get("depends_on", {})
        assert all(d["dataset_id"] in of["Dataset"] for d in depends.get("rel_dataset_ids", [])), path
        assert all(d["dataset_id"] in of["Dataset"] for d in o.get("involved_datasets", [])), path
        assert depends.get("tool_id", next(iter(of["Tool"]))) in of["Tool"], path
        assert "metrics_id" not in depends or depends["metrics_id"] in of["Metrics"], path
    schema = model[objects[0]["_schema"]]
    del objects[0]["name"]
    resolver = jsonschema.RefResolver(schema["$id"], schema, store=dict(model))
    assert list(jsonschema.Draft7Validator(schema, resolver=resolver).iter_errors(objects[0])), "the schema takes anything"
print(len(sys.argv) - 2, "files hold against OpenEBench's data model 1.0.x")
PYTHON
