# Who may use whom: a part includes only itself and the parts below it, and each outside library has its one place.
set -eu
cd "$CM_SOURCE_DIR"
bad=0
report() { echo "FAILED: $1"; bad=1; }

# part: parts it may include
rules='
engine/base: engine/base
engine/image: engine/base engine/image
kernels: engine/base kernels
metrics: engine/base engine/image kernels metrics
engine/cohort: engine/base engine/image kernels engine/cohort
engine/model: engine/base engine/image kernels engine/model
engine/run: engine/base engine/image kernels metrics engine/cohort engine/model engine/run
engine/report: engine/base engine/image kernels metrics engine/cohort engine/model engine/run engine/report
engine/demo: engine/base engine/image kernels metrics engine/cohort engine/model engine/run engine/report engine/demo
engine/cli: engine/base engine/image kernels metrics engine/cohort engine/model engine/run engine/report engine/demo engine/cli
'
includes=0
while IFS=: read -r part allowed; do
    [ -n "$part" ] && [ -d "$part" ] || continue
    while IFS=: read -r file line text; do
        [ -n "$file" ] || continue
        includes=$((includes + 1))
        target=$(printf '%s' "$text" | sed 's/.*"\(.*\)".*/\1/')
        [ -f "$target" ] || { report "$file:$line: \"$target\" is not a path from the root"; continue; }
        ok=0
        for room in $allowed; do
            case $target in "$room"/*) ok=1 ;; esac
        done
        [ $ok = 1 ] || report "$file:$line: $part may not use $target"
    done <<<"$(grep -rn --include='*.[ch]' '^ *# *include *"' "$part" || true)"
done <<<"$rules"
[ $includes -gt 20 ] || report "only $includes includes seen"

# library header: folders that may include it (doctor asks every library for its version)
only() {
    local header=$1 file; shift
    for file in $(grep -rl --include='*.[ch]' "# *include *<$header" engine kernels metrics || true); do
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
only png.h engine/image engine/report engine/run
only openssl/ engine/base

# Below the command line nothing ends the process, prints, or reads the environment.
below=$(find engine kernels metrics -name '*.[ch]' ! -path 'engine/cli/*')
grep -nE '(^|[^_[:alnum:]])(exit|abort|printf|puts|putchar|perror)\(' $below | grep -vE '^[^:]*:[0-9]+: *(/?\*|//)' |
    grep -vE 'format\(printf|_exit\(' && report "these end the process or print"
grep -nE '(^|[^_[:alnum:]])(secure_)?getenv\(' $(echo "$below" | grep -v '^engine/run/') && report "these read the environment"
grep -nE 'setlocale\(|srand\(|[^_[:alnum:]]rand\(\)' $below && report "these keep hidden state"
exit $bad
