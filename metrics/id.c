/* Parameters of metric ids. A pattern of the catalogue holds letters in angle brackets, each of which takes a
 * number (or a lesion rule) of the id:
 *
 *   <q> percentile   <t> tolerance   <b> beta   <p> share or probability   <f> rate   <l> <h> bounds of a
 * size <n> bins   <k> bandwidth   <c> connectivity   <d> dilation   <a> axis   <r> lesion rule
 *   <m> lesion rule that matches one to one
 *
 * Numbers are decimals with up to six digits on each side of the point, so that an id is short and has one
 * canonical spelling. */
#include "metrics/id_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DIGITS = 6, MAX_ID = 63 };

#define DECIMAL_REGEX "[0-9]{1,6}(\\.[0-9]{1,6})?"

typedef struct parameter {
    char letter;
    bool whole;
    bool above_low, below_high; /* the bound itself is out of range */
    double low, high;
    size_t offset; /* of the double or int in cm_metric */
    const char *regex;
} parameter;

#define REAL(field)  .offset = offsetof(cm_metric, field), .regex = DECIMAL_REGEX
#define WHOLE(field) .whole = true, .offset = offsetof(cm_metric, field)

static const parameter parameters[] = {
    {.letter = 'q', .above_low = true, .below_high = true, .low = 0, .high = 100, REAL(percentile)},
    {.letter = 't', .above_low = true, .low = 0, .high = 1e6, REAL(tolerance)},
    {.letter = 'b', .above_low = true, .low = 0, .high = 1000, REAL(beta)},
    {.letter = 'p', .above_low = true, .below_high = true, .low = 0, .high = 1, REAL(share)},
    {.letter = 'f', .above_low = true, .low = 0, .high = 1e6, REAL(rate)},
    {.letter = 'l', .low = 0, .high = 1e6, REAL(low)},
    {.letter = 'h', .above_low = true, .low = 0, .high = 1e6, REAL(high)},
    {.letter = 'k', .low = 0.001, .high = 1, REAL(share)},
    {.letter = 'n', .low = 1, .high = 1000, WHOLE(bins), .regex = "[0-9]{1,4}"},
    {.letter = 'c', .low = 6, .high = 26, WHOLE(connectivity), .regex = "(6|18|26)"},
    {.letter = 'd', .low = 0, .high = 99, WHOLE(dilation), .regex = "[0-9]{1,2}"},
};

typedef struct rule_name {
    const char *name;
    cm_lesion_rule rule;
    bool has_share, one_to_one;
    double low; /* the share is >= low (> 0 where low is 0), and <= 1; strict: < 1 */
} rule_name;

static const rule_name rules[] = {
    {"any-overlap", CM_RULE_ANY_OVERLAP, false, false, 0},
    {"cover@", CM_RULE_COVER, true, false, 0},
    {"iou-strict@", CM_RULE_IOU_STRICT, true, true, 0.5},
    {"iou-greedy@", CM_RULE_IOU_GREEDY, true, true, 0},
    {"iou-hungarian@", CM_RULE_IOU_HUNGARIAN, true, true, 0},
};
enum { N_RULES = sizeof rules / sizeof *rules };

/* A decimal number as an id writes it: digits, perhaps a point and more digits. */
typedef struct number {
    int64_t digits, scale; /* value = digits / scale */
    int whole, fraction;   /* how many digits were written on each side of the point */
} number;

/* Returns the text after the number, or NULL when there is none. Counts digits, keeps the first few only. */
static const char *read_number(const char *text, bool with_fraction, number *out)
{
    *out = (number){.scale = 1};
    for (; *text >= '0' && *text <= '9'; text++)
        if (++out->whole <= MAX_DIGITS) out->digits = out->digits * 10 + (*text - '0');
    if (out->whole == 0) return NULL;
    if (!with_fraction || *text != '.' || text[1] < '0' || text[1] > '9') return text;
    for (text++; *text >= '0' && *text <= '9'; text++)
        if (++out->fraction <= MAX_DIGITS) {
            out->digits = out->digits * 10 + (*text - '0');
            out->scale *= 10;
        }
    return text;
}

static bool number_fits(number n)
{
    return n.whole <= MAX_DIGITS && n.fraction <= MAX_DIGITS;
}

static void append(char *id, const char *text)
{
    strncat(id, text, MAX_ID - strlen(id));
}

/* Appends the number in its shortest form. */
static void append_number(char *id, number n)
{
    char buf[32];
    while (n.scale > 1 && n.digits % 10 == 0) {
        n.digits /= 10;
        n.scale /= 10;
    }
    int width = 0;
    for (int64_t scale = n.scale; scale > 1; scale /= 10)
        width++;
    snprintf(buf, sizeof buf, "%.*f", width, (double)n.digits / (double)n.scale);
    append(id, buf);
}

static const char *read_parameter(const parameter *p, const char *id, cm_metric *out, bool *good)
{
    number n;
    id = read_number(id, !p->whole, &n);
    if (!id) return NULL;
    const double value = (double)n.digits / (double)n.scale;
    *good = *good && number_fits(n) && (p->above_low ? value > p->low : value >= p->low) &&
            (p->below_high ? value < p->high : value <= p->high);
    char *field = (char *)out + p->offset;
    if (p->whole) {
        const int whole = value <= p->high ? (int)value : 0;
        memcpy(field, &whole, sizeof whole);
        if (p->letter == 'c') *good = *good && (whole == 6 || whole == 18 || whole == 26);
    } else {
        memcpy(field, &value, sizeof value);
    }
    append_number(out->id, n);
    return id;
}

static const char *read_rule(bool one_to_one, const char *id, cm_metric *out, bool *good)
{
    for (int i = 0; i < N_RULES; i++) {
        const rule_name *r = &rules[i];
        if (strncmp(id, r->name, strlen(r->name))) continue;
        out->rule = r->rule;
        append(out->id, r->name);
        id += strlen(r->name);
        if (one_to_one && !r->one_to_one) *good = false;
        if (!r->has_share) return id;
        number n;
        id = read_number(id, true, &n);
        if (!id) return NULL;
        out->share = (double)n.digits / (double)n.scale;
        *good = *good && number_fits(n) && out->share > 0 && out->share >= r->low && out->share <= 1 &&
                !(r->rule == CM_RULE_IOU_STRICT && out->share >= 1);
        append_number(out->id, n);
        return id;
    }
    return NULL;
}

static const char *read_axis(const char *id, cm_metric *out)
{
    const char *names = "zyx", *found = *id ? strchr(names, *id) : NULL;
    if (!found) return NULL;
    out->axis = (int)(found - names);
    append(out->id, (const char[2]){*id, '\0'});
    return id + 1;
}

static const parameter *parameter_of(char letter)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (parameters[i].letter == letter) return &parameters[i];
    return NULL;
}

cm_id_match cm_id_read(const char *pattern, const char *id, cm_metric *out)
{
    const cm_metric empty = {.definition = out->definition, .row = out->row};
    bool good = true;
    *out = empty;
    while (*pattern) {
        if (*pattern != '<') {
            if (*id != *pattern) return CM_ID_NO_MATCH;
            const char one[2] = {*id, '\0'};
            append(out->id, one);
            pattern++;
            id++;
            continue;
        }
        const char letter = pattern[1];
        id = letter == 'a'                    ? read_axis(id, out)
             : letter == 'r' || letter == 'm' ? read_rule(letter == 'm', id, out, &good)
                                              : read_parameter(parameter_of(letter), id, out, &good);
        if (!id) return CM_ID_NO_MATCH;
        pattern += 3;
    }
    if (*id) return CM_ID_NO_MATCH;
    if (out->high > 0 && out->high <= out->low) good = false;
    return good ? CM_ID_MATCH : CM_ID_BAD_PARAMETER;
}

/* -- as a regular expression ----------------------------------------------------------------------------- */

static void append_bounded(char *out, size_t size, bool *fits, const char *text)
{
    const size_t used = strlen(out);
    if (used + strlen(text) >= size)
        *fits = false;
    else
        memcpy(out + used, text, strlen(text) + 1);
}

static void append_rules(char *out, size_t size, bool *fits, bool one_to_one)
{
    bool first = true;
    append_bounded(out, size, fits, "(");
    for (int i = 0; i < N_RULES; i++) {
        if (one_to_one && !rules[i].one_to_one) continue;
        append_bounded(out, size, fits, first ? "" : "|");
        append_bounded(out, size, fits, rules[i].name);
        if (rules[i].has_share) append_bounded(out, size, fits, DECIMAL_REGEX);
        first = false;
    }
    append_bounded(out, size, fits, ")");
}

bool cm_metric_regex(const cm_metric_definition *definition, char *out, size_t size)
{
    bool fits = size > 0;
    if (fits) out[0] = '\0';
    for (const char *p = definition->pattern; *p && fits; p++) {
        if (*p == '<') {
            if (p[1] == 'a')
                append_bounded(out, size, &fits, "[xyz]");
            else if (p[1] == 'r' || p[1] == 'm')
                append_rules(out, size, &fits, p[1] == 'm');
            else
                append_bounded(out, size, &fits, parameter_of(p[1])->regex);
            p += 2;
            continue;
        }
        const char one[3] = {strchr(".+", *p) ? '\\' : *p, strchr(".+", *p) ? *p : '\0', '\0'};
        append_bounded(out, size, &fits, one);
    }
    return fits;
}
