#include "tests/conformance/judge.h"

#include <math.h>
#include <string.h>

enum { TYPE_FLOAT16 = 10, TYPE_BFLOAT16 = 16 };

/* To the nearest number with `bits` bits after the leading one and no exponent below `lowest`, even where two
 * are as near. */
static float round_to(float v, int bits, int lowest, float largest)
{
    int exponent = 0;
    if (!isfinite(v) || v == 0.0f) return v;
    frexpf(v, &exponent); /* v = f 2^exponent, 1/2 <= |f| < 1 */
    if (exponent < lowest) exponent = lowest;
    const double unit = ldexp(1.0, exponent - 1 - bits);
    const double r = rint((double)v / unit) * unit;
    return fabs(r) > (double)largest ? (float)copysign((double)INFINITY, r) : (float)r;
}

static float as_type(int type, float v)
{
    if (type == TYPE_FLOAT16) return round_to(v, 10, -13, 65504.0f);
    if (type == TYPE_BFLOAT16) return round_to(v, 7, -125, 0x1.fep127f);
    return v;
}

static float expected_at(const cm_tensor *t, int64_t i)
{
    if (t->element == CM_ELEMENT_F32) return ((const float *)t->data)[i];
    const int64_t v = cm_whole_at(t->element, t->data, i);
    return t->element == CM_ELEMENT_U64 ? (float)(uint64_t)v : (float)v;
}

static bool is_close(float expected, float got, bool whole)
{
    if (isnan(expected) || isnan(got)) return isnan(expected) && isnan(got);
    if (whole || isinf(expected) || isinf(got)) return expected == got;
    return fabs((double)got - (double)expected) <= 1e-7 + 1e-3 * fabs((double)expected);
}

cm_str judge(const array *expected, const cm_tensor *as, const float *got)
{
    const cm_tensor *t = &expected->tensor;
    if (t->element != as->element)
        return cm_strf("element type %d, expected %d", (int)as->element, (int)t->element);
    if (!cm_same_shape(t, as)) {
        cm_str text = cm_strf("shape");
        for (int i = 0; i < as->rank; i++)
            text = cm_strf("%s %lld", text.s, (long long)as->dim[i]);
        text = cm_strf("%s, expected", text.s);
        for (int i = 0; i < t->rank; i++)
            text = cm_strf("%s %lld", text.s, (long long)t->dim[i]);
        return text;
    }
    const int64_t count = cm_tensor_count(t);
    for (int64_t i = 0; i < count; i++) {
        const float e = expected_at(t, i), g = as_type(expected->type, got[i]);
        if (!is_close(e, g, t->element != CM_ELEMENT_F32))
            return cm_strf("number %lld of %lld is %.9g, expected %.9g", (long long)i, (long long)count,
                           (double)g, (double)e);
    }
    return cm_strf("%s", "");
}
