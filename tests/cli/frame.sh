# The program without a verb, with a wrong one, and asked for help.
set -eu
fail() { echo "FAILED: $*"; exit 1; }
# check CODE ARGUMENTS...: runs cohmark; output in out and err
check() {
    local want=$1 code=0; shift
    "$COHMARK" "$@" >out 2>err || code=$?
    [ "$code" = "$want" ] || fail "cohmark $*: exit $code, expected $want: $(cat err)"
}

check 2
grep -q 'no verb given' err || fail "no word about the missing verb"
check 0 --version
grep -Eqx 'cohmark [0-9]+\.[0-9]+\.[0-9]+' out || fail "version reads $(cat out)"
check 0 --help
grep -q '^Example: cohmark' out || fail "help without an example"
[ "$(wc -l <out)" -le 40 ] || fail "help does not fit a screen"
cp out help
check 0 help
cmp -s out help || fail "help and --help differ"
check 2 doctro
grep -q 'Did you mean "doctor"' err || fail "no suggestion: $(cat err)"
check 2 doct
grep -q 'Did you mean "doctor"' err || fail "no suggestion for a beginning"
check 2 zzzzzzzz
! grep -q 'Did you mean' err || fail "a suggestion out of nothing"
check 2 "$(printf 'x\033[2J')"
! grep -q "$(printf '\033')" err || fail "control characters reach the terminal"
check 2 "$(printf 'x%.0s' $(seq 1 5000))"
code=0
"$COHMARK" --help >/dev/full 2>err || code=$?
[ "$code" = 7 ] || fail "a full standard output gives exit $code"

# Every verb of the list explains itself on a screen, with an example, and refuses an unknown option.
verbs=$(sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' help)
[ -n "$verbs" ] || fail "no verbs listed"
for verb in $verbs; do
    check 0 "$verb" --help
    grep -q 'Example' out || fail "$verb --help has no example"
    grep -q 'Usage' out || fail "$verb --help does not show how to use it"
    [ "$(wc -l <out)" -le 60 ] || fail "$verb --help does not fit a screen"
    cp out first
    check 0 help "$verb"
    cmp -s out first || fail "help $verb and $verb --help differ"
    check 2 "$verb" --no-such-option
    grep -q "cohmark $verb: " err || fail "$verb --no-such-option says: $(cat err)"
done

check 2 doctor --format
grep -q -- '--format needs a value' err || fail "a missing value reads $(cat err)"
check 2 run -qx
grep -q 'unknown option -x' err || fail "a wrong letter in a bundle reads $(cat err)"
