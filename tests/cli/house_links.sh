# Every link of a page to another file of the repository leads somewhere, and every document is reached from the README.
set -eu
cd "$CM_SOURCE_DIR"
bad=0
# links FILE: its relative link targets, without anchors
links() { grep -o '](\([^)]*\))' "$1" | sed 's/^](//; s/)$//; s/#.*//' | grep -Ev '^(https?:|mailto:|$)' || true; }

pages=$(find . -name '*.md' ! -path './build/*' ! -path './.git/*' | sort)
for page in $pages; do
    for target in $(links "$page"); do
        [ -e "$(dirname "$page")/$target" ] || { echo "FAILED: $page links to $target, which is not there"; bad=1; }
    done
done

# Walk from the README.
reached=./README.md
todo=$reached
while [ -n "$todo" ]; do
    next=
    for page in $todo; do
        for target in $(links "$page"); do
            path=./$(realpath --relative-to=. "$(dirname "$page")/$target")
            case $path in *.md) ;; *) continue ;; esac
            case " $reached " in *" $path "*) continue ;; esac
            [ -e "$path" ] || continue
            reached="$reached $path"
            next="$next $path"
        done
    done
    todo=$next
done
for page in docs/*.md; do
    case " $reached " in *" ./$page "*) ;; *) echo "FAILED: nothing leads from README.md to $page"; bad=1 ;; esac
done
exit $bad
