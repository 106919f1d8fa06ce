# Who may use whom: a part includes only itself and the parts below it, and each outside library has its one place.
set -eu
cd "$CM_SOURCE_DIR"
bad=0
report() { echo "FAILED: $1"; bad=1; }

# part, then the parts it may include (docs/architecture.md)
cat >"$OLDPWD/rules" <<'E2'
engine/base    engine/base
engine/image   engine/base engine/image
kernels        engine/base kernels
metrics        engine/base engine/image kernels metrics
engine/cohort  engine/base engine/image kernels engine/cohort
engine/model   engine/base engine/image kernels engine/model
engine/run     engine/base engine/image kernels metrics engine/cohort engine/model engine/run
engine/report  engine/base engine/image kernels metrics engine/cohort engine/model engine/run engine/report
engine/demo    engine/base engine/image kernels metrics engine/cohort engine/model engine/run engine/report engine/demo
engine/cli     engine/base engine/image kernels metrics engine/cohort engine/model engine/run engine/report engine/demo engine/cli
E2
files=$(find engine kernels metrics -name '*.[ch]' | sort)

awk '
    # The part a path belongs to: the longest name of a part that it begins with.
    function part_of(path,    p, best) {
        best = ""
        for (p in parts)
            if (index(path, p "/") == 1 && length(p) > length(best)) best = p
        return best
    }
    FILENAME == ARGV[1] {
        parts[$1] = 1
        for (i = 2; i <= NF; i++) allowed[$1, $i] = 1
        next
    }
    /^ *# *include *"/ {
        split($0, piece, "\"")
        n++
        from = part_of(FILENAME)
        to = part_of(piece[2])
        if (from == "" || to == "")
            print "FAILED: " FILENAME ":" FNR ": \"" piece[2] "\" is not a path of a part from the root"
        else if (!((from, to) in allowed))
            print "FAILED: " FILENAME ":" FNR ": " from " may not use " piece[2]
    }
    END { if (n < 20) print "FAILED: only " n + 0 " includes seen" }
' "$OLDPWD/rules" $files >"$OLDPWD/found"
[ ! -s "$OLDPWD/found" ] || { cat "$OLDPWD/found"; bad=1; }

# Each outside library has its rooms (doctor asks every library for its version).
only() {
    local header=$1 file; shift
    for file in $(grep -l "^ *# *include *<$header" $files || true); do
        case " $* engine/cli/verb_doctor.c " in
        *" $(dirname "$file") "* | *" $file "*) ;;
        *) report "$file includes <$header>; only $* may" ;;
        esac
    done
}
only mpi.h engine/run
only hdf5.h engine/cohort
only sqlite3.h engine/run
only libxslt/ engine/report
only png.h engine/image engine/run engine/report
only openssl/ engine/base

# Below the command line nothing ends the process, prints, or reads the environment.
below=$(grep -v '^engine/cli/' <<<"$files")
code_lines() { grep -nE "$1" $2 | grep -vE '^[^:]*:[0-9]+: *(/?\*|//)' || true; }
found=$(code_lines '(^|[^_[:alnum:]])(exit|abort|printf|puts|putchar|perror)\(' "$below" | grep -vE 'format\(printf' || true)
[ -z "$found" ] || report "these end the process or print:
$found"
found=$(code_lines '(^|[^_[:alnum:]])(secure_)?getenv\(' "$(grep -v '^engine/run/' <<<"$below")")
[ -z "$found" ] || report "these read the environment:
$found"
found=$(code_lines '(^|[^_[:alnum:]])(setlocale|s?rand)\(' "$below")
[ -z "$found" ] || report "these keep hidden state:
$found"
exit $bad
