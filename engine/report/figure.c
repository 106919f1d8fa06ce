/* How the page writes a number. In C and not in the stylesheet because a page has tens of thousands of them.
 */
#include "engine/report/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xE2\x88\x92" /* not a hyphen */

/* By its size, so that three digits matter; where a unit is given, as many for all numbers below ten, so that
 * those of a column agree: three of a ratio, two of a length or a count of something. */
static int decimals_of(double size, const char *unit)
{
    if (size >= 99.95) return 0;
    if (size >= 9.995) return 1;
    if (!strcmp(unit, "1")) return 3;
    if (unit[0] && (size >= 0.095 || size == 0)) return 2;
    return size >= 0.9995 ? 2 : 3;
}

/* 1234567 as 1,234,567 */
static cm_str in_thousands(const char *digits)
{
    cm_str out = {""};
    const size_t n = strlen(digits);
    size_t used = 0;
    for (size_t i = 0; i < n && used + 2 < sizeof out.s; i++) {
        if (i > 0 && (n - i) % 3 == 0) out.s[used++] = ',';
        out.s[used++] = digits[i];
    }
    out.s[used] = '\0';
    return out;
}

cm_str cm_figure(double value, const char *unit, double like, cm_figure_place place)
{
    const double size = fabs(value);
    if (isnan(value) || isinf(value)) return cm_strf("%s", "NaN");
    if (size == 0 && like == 0) return cm_strf("%s", "0");
    const int decimals = decimals_of(fabs(like), unit);
    const double least = 0.5 * pow(10, -decimals);
    if (size > 0 && size < least && place == CM_FIGURE_ALONE)
        return cm_strf("%s%.*f", value < 0 ? ">" MINUS : "<", decimals, 2 * least);
    const cm_str digits = cm_strf("%.*f", decimals, size < least ? 0 : size);
    return cm_strf("%s%s", value < 0 && size >= least ? MINUS : "", /* what rounds to zero has no sign */
                   (decimals ? digits : in_thousands(digits.s)).s);
}
