# cohmark report on a real run: the same results again, a public copy beside it, and nothing overwritten or taken on
# trust.
set -eu
. "$CM_TEST_DIR/support/launch.sh"

"$COHMARK" report --help | grep -q -- '--audience' || fail "--help does not name --audience"
code() { # code EXPECTED COMMAND...
    local expected=$1 got=0
    shift
    "$@" > out.txt 2> err.txt || got=$?
    [ "$got" -eq "$expected" ] || fail "$* ended with $got, not $expected: $(cat err.txt)"
}
code 2 "$COHMARK" report
code 2 "$COHMARK" report a b
code 2 "$COHMARK" report run --audience everyone
code 2 "$COHMARK" report run --threads 0
code 2 "$COHMARK" report run --nonsense
code 3 "$COHMARK" report no-such-run

make_demo 6
"$COHMARK" run demo/classification/bench.xml -o run -q || fail "the run ended with $?"
results run/report.xml > first.results
[ "$(wc -c < first.results)" -gt 2000 ] || fail "the run wrote no results"

for threads in 1 2; do
    code 0 "$COHMARK" report run --threads $threads
    results run/report.xml > again.results
    cmp first.results again.results || fail "other results from the same ledger with $threads threads"
done

# the public copy goes to a folder of its own and names no case
code 0 "$COHMARK" report run --audience public
for file in report.xml report.html openebench.json; do [ -s "run/public/$file" ] || fail "no run/public/$file"; done
grep -o '<case id="[^"]*"' run/report.xml | cut -d'"' -f2 > case-ids
[ "$(wc -l < case-ids)" -eq 24 ] || fail "the site report lists $(wc -l < case-ids) cases, not 24"
if grep -rqFf case-ids run/public; then fail "the public copy names a case"; fi
if grep -q '<img' run/public/report.html; then fail "the public copy has a picture"; fi

# what a real run wrote is whole, and computed again from its own values to the byte
code 0 "$COHMARK" verify run/report.xml
grep -q 'byte for byte' out.txt || fail "not computed again: $(cat out.txt)"
grep -q '^holds  *files' out.txt || fail "bench and pictures were not checked: $(cat out.txt)"
code 0 "$COHMARK" verify run/public/report.xml
code 0 "$COHMARK" verify run/openebench.json --against run/report.xml

# neither replaces the other
cp run/report.xml before.xml
code 3 "$COHMARK" report run --audience public -o run
grep -q 'another audience' err.txt || fail "no clear reason: $(cat err.txt)"
cmp before.xml run/report.xml || fail "the site report was touched"
code 3 "$COHMARK" report run -o run/public

# a damaged ledger is refused, or what is damaged is not needed: it never makes another report
mkdir damaged
ln -s ../run/bench.xml ../run/tools ../run/pictures damaged/
pages=$(($(wc -c < run/run.db) / 4096))
refused=0
for page in $(seq 1 $((pages - 1))); do
    cp run/run.db damaged/run.db
    dd if=/dev/zero of=damaged/run.db bs=4096 seek="$page" count=1 conv=notrunc status=none
    got=0
    "$COHMARK" report damaged -o damaged/out > out.txt 2> err.txt || got=$?
    if [ "$got" -eq 0 ]; then
        results damaged/out/report.xml > damaged.results
        cmp first.results damaged.results || fail "other results from a ledger without its page $page"
    else
        [ "$got" -le 7 ] && [ ! -e damaged/out/report.xml ] || fail "page $page: ended with $got: $(cat err.txt)"
        refused=$((refused + 1))
    fi
    rm -rf damaged/out
done
[ "$refused" -ge 5 ] || fail "only $refused of $pages damaged pages were noticed"

# -o makes the folder; a picture that was changed is noticed and nothing is written
code 0 "$COHMARK" report run -o elsewhere
[ -s elsewhere/report.html ] || fail "no elsewhere/report.html"
picture=$(ls run/pictures/*.png | head -n 1)
[ -n "$picture" ] || fail "the run made no picture"
grep -q 'data:image/png;base64,' elsewhere/report.html || fail "no picture in the page"
printf 'x' >> "$picture"
code 3 "$COHMARK" report run -o third
grep -q 'picture' err.txt || fail "no clear reason: $(cat err.txt)"
[ -z "$(ls third)" ] || fail "files were left behind: $(ls third)"
# the full data model of OpenEBench, on request
code 2 "$COHMARK" report run --contact someone
code 0 "$COHMARK" report run --audience public --openebench-full --contact someone
[ "$(grep -c '"someone"' run/public/openebench-full.json)" -gt 10 ] || fail "the contact is not in openebench-full.json"
if grep -qFf case-ids run/public/openebench-full.json; then fail "openebench-full.json names a case"; fi
echo "the same report again, a public one beside it, nothing overwritten"
