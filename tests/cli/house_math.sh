# Nothing that a result is made of calls a function of the C library whose last bit depends on its version or on the
# processor. Left out is engine/report: there log10 and pow only place the marks of an axis in the HTML.
set -eu
command -v nm >/dev/null || { echo "skipped: nm is not installed"; exit 77; }
libraries=$(find "$CM_BUILD_DIR/engine" "$CM_BUILD_DIR/kernels" "$CM_BUILD_DIR/metrics" -name 'libcm_*.a' ! -name 'libcm_report.a')
[ "$(printf '%s\n' "$libraries" | wc -l)" -ge 7 ] || { echo "FAILED: too few libraries below $CM_BUILD_DIR: $libraries"; exit 1; }
nm -A -u $libraries 2>/dev/null >undefined
[ "$(wc -l <undefined)" -gt 500 ] || { echo "FAILED: too few symbols seen"; exit 1; }
inexact='exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|sin|cos|sincos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|erf|erfc|lgamma|lgamma_r|tgamma|cbrt|hypot|j0|j1|jn|y0|y1|yn'
if grep -E " U (_*)($inexact)[fl]?(_finite)?(@.*)?\$" undefined; then
    echo "FAILED: these functions differ between C libraries; engine/base/elementary.h and kernels/cpu/math.h have some that do not (docs/determinism.md)"
    exit 1
fi
