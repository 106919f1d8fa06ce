# report.html as readers meet it: opened in headless Chromium at three widths, light and dark, pressed, printed, and held
# against an accessibility checker (axe-core, of the Python package axe-playwright-python or the file $CM_AXE).
set -eu
fake="$CM_BUILD_DIR/tests/fake_report"
browse="$CM_SOURCE_DIR/tests/support/browse.py"
fail() { echo "$1"; exit 1; }

for kind in crowd hostile single broken classification lesions; do
    mkdir "$kind"
    "$fake" "$kind" site "$kind"
done
mkdir public
"$fake" hostile public public

# ten tools on a hundred cases, with a point for every value
bytes=$(wc -c < crowd/report.html)
[ "$bytes" -lt 5000000 ] || fail "the page of 10 tools and 100 cases has $bytes bytes"
[ "$(grep -o 'class="cloud" d="M' crowd/report.html | wc -l)" -eq 60 ] || fail "not every box plot has its points"
if grep -q 'class="cloud"' public/report.html; then fail "a public page shows values of cases"; fi
for curve in 'ROC curve' 'Precision and recall' 'Calibration'; do
    grep -q "role=\"img\"><title>$curve" classification/report.html || fail "no plot: $curve"
done
grep -q 'role="img"><title>FROC curve' lesions/report.html || fail "no plot: FROC curve"
# without its script the page is whole: nothing to press that does nothing
if grep -q '<button' crowd/report.html; then fail "a button is there before the script"; fi
# every plot is named, and a plot has no table of its own only where one stands beside it
[ "$(grep -o 'role="img"' crowd/report.html | wc -l)" -eq "$(grep -o 'role="img"><title>' crowd/report.html | wc -l)" ] \
    || fail "a plot without a name"
# names that are markup stay text: the page has our script and no other element of theirs
[ "$(grep -o '<script' hostile/report.html | wc -l)" -eq 1 ] || fail "a name became a script"
if grep -Eq '<img|<i>Mary|<b>tool' hostile/report.html; then fail "a name became markup"; fi
grep -q "script-src 'sha256-" hostile/report.html || fail "the page's policy does not name its script"

command -v python3 > /dev/null || { echo "skipped: python3 is not here"; exit 77; }
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
    || { echo "skipped: no Chromium here (package chromium)"; exit 77; }
axe=${CM_AXE:-$(python3 -c 'import importlib.util as u, os
s = u.find_spec("axe_playwright_python")
print(os.path.join(os.path.dirname(s.origin), "axe.min.js") if s else "")')}
[ -z "$axe" ] || [ -f "$axe" ] || fail "no file $axe"

# the checker finds what is wrong
mkdir wrong
cat > wrong/report.html <<'PAGE'
<!DOCTYPE html><html><head><title>x</title></head><body><div style="width:2000px;color:#ddd;background:#fff">pale</div>
<img src="picture.png"><script>console.log("hello"); nothing();</script>
<svg width="60" height="20"><text x="40" y="14">cut off here</text></svg></body></html>
PAGE
if python3 "$browse" --chromium "$chromium" ${axe:+--axe "$axe"} wrong/report.html > wrong.txt; then fail "the checker takes anything"; fi
for complaint in 'px wide in a window' 'script error' 'console: ' 'asked for ' 'is cut off'; do
    grep -q "$complaint" wrong.txt || fail "the checker does not notice: $complaint"
done
[ -z "$axe" ] || grep -q 'image-alt' wrong.txt || fail "axe does not notice a picture without words"

# axe looks at every word of a page and printing lays all of it out again, which takes its time: the two pages that have
# all kinds of sections between them, not the longest one
python3 "$browse" --chromium "$chromium" ${axe:+--axe "$axe"} --print classification/report.html lesions/report.html \
    > complaints.txt || true
python3 "$browse" --chromium "$chromium" --sort crowd/report.html crowd/report.html hostile/report.html single/report.html \
    broken/report.html public/report.html >> complaints.txt || true
if [ -s complaints.txt ]; then cat complaints.txt; exit 1; fi
[ -n "$axe" ] || echo "without axe-core (pip install axe-playwright-python): accessibility is not checked"
echo "$bytes bytes for 10 tools and 100 cases; seven pages without a complaint"
