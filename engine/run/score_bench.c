/* A bench.xml from the words of a command line. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/run/score_files.h"

/* Text that grows. */
typedef struct text {
    char *s;
    size_t used, room;
    bool failed;
} text;

static void add(text *t, const char *more)
{
    const size_t n = strlen(more);
    if (t->used + n + 1 > t->room) {
        const size_t room = 2 * (t->used + n + 1);
        char *s = realloc(t->s, room);
        if (!s) {
            t->failed = true;
            return;
        }
        t->s = s;
        t->room = room;
    }
    memcpy(t->s + t->used, more, n + 1);
    t->used += n;
}

static cm_status bad_part(const char *what, const char *part, size_t n, const char *next, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s is not understood", what).s,
                   .why = cm_strf("\"%.*s\"", (int)(n < 80 ? n : 80), part).s, .next = next);
}

/* "1+2" as "1 2": numbers with plus signs between. */
static bool copy_values(const char *from, size_t n, char *to, size_t size)
{
    if (!n || n >= size || !isdigit((unsigned char)from[0]) || !isdigit((unsigned char)from[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)from[i]) && (from[i] != '+' || from[i - 1] == '+')) return false;
        to[i] = from[i] == '+' ? ' ' : from[i];
    }
    to[n] = 0;
    return true;
}

static bool copy_name(const char *from, size_t n, char *to, size_t size)
{
    if (!n || n >= size) return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)from[i]) && !strchr("._-", from[i])) return false;
    memcpy(to, from, n);
    to[n] = 0;
    return true;
}

/* values: numbers with blanks between. */
static bool values_fit(const char *values)
{
    for (const char *at = values; *at;) {
        char *end = NULL;
        if (strtoul(at, &end, 10) > UINT16_MAX) return false;
        at = *end ? end + 1 : end;
    }
    return true;
}

/* One of "2", "lesion=2", "whole=1+2". */
static cm_status add_target(text *t, const char *part, size_t n, cm_error *err)
{
    const char *equals = memchr(part, '=', n);
    const size_t before = equals ? (size_t)(equals - part) : 0, skip = equals ? before + 1 : 0;
    char name[64] = "", values[400] = "";
    if ((equals && !copy_name(part, before, name, sizeof name)) ||
        !copy_values(part + skip, n - skip, values, sizeof values) || (!equals && strchr(values, ' ')))
        return bad_part("a label", part, n,
                        "Write a value (2), a name (lesion=2) or a named union (whole=1+2)", err);
    if (!values_fit(values))
        return bad_part("a label", part, n, "A label is a whole number from 0 to 65535", err);
    if (name[0] && t->s && strstr(t->s, cm_strf(" name=\"%s\"", name).s))
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("--labels has two targets called %s", name).s,
                       .next = "Give each a name of its own");
    const bool region = strchr(values, ' ');
    add(t, region ? "    <region name=\"" : "    <label value=\"");
    add(t, region ? name : values);
    if (region || name[0]) add(t, region ? "\" values=\"" : "\" name=\"");
    if (region || name[0]) add(t, region ? values : name);
    add(t, "\"/>\n");
    return CM_OK;
}

static cm_status add_metric(text *t, const char *part, size_t n, cm_error *err)
{
    cm_metric metric;
    const cm_str id = cm_strf("%.*s", (int)(n < 64 ? n : 64), part);
    const cm_status st = cm_metric_parse(id.s, &metric, err);
    if (st) return st;
    if (metric.definition->kind != CM_METRIC_SEGMENTATION)
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s is no metric of masks", metric.id).s,
                       .why = "it measures classifications",
                       .next = "Choose segmentation metrics of `cohmark metrics list`");
    const cm_str element = cm_strf("    <metric id=\"%s\"/>\n", metric.id);
    if (strstr(t->s, element.s))
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("--metrics names %s twice", metric.id).s,
                       .next = "Name every metric once");
    add(t, element.s);
    return CM_OK;
}

/* Calls `one` for every part between commas, without the blanks around it. */
static cm_status for_parts(text *t, const char *list,
                           cm_status (*one)(text *, const char *, size_t, cm_error *), cm_error *err)
{
    cm_status st = CM_OK;
    for (const char *part = list; !st; part++) {
        size_t all = strcspn(part, ","), n = all, before = 0;
        while (before < n && isspace((unsigned char)part[before]))
            before++;
        while (n > before && isspace((unsigned char)part[n - 1]))
            n--;
        st = one(t, part + before, n - before, err);
        part += all;
        if (!*part) break;
    }
    return st;
}

/* No more parts than bench.xsd takes. */
static cm_status check_number(const char *option, const char *list, int most, cm_error *err)
{
    int n = 1;
    for (const char *at = list; *at; at++)
        n += *at == ',';
    return n <= most ? CM_OK
                     : CM_FAIL(err, CM_ERR_LIMIT, .what = cm_strf("%s names too many", option).s,
                               .why = cm_strf("%d, at most %d", n, most).s, .next = "Score in several calls");
}

cm_status cm_score_bench_write(const char *path, const char *labels, const char *metrics, cm_error *err)
{
    enum { MOST_LABELS = 1000, MOST_METRICS = 200 };
    text t = {.s = NULL};
    cm_status st = check_number("--metrics", metrics, MOST_METRICS, err);
    if (!st && labels) st = check_number("--labels", labels, MOST_LABELS, err);
    add(&t, "<bench xmlns=\"urn:cohmark:bench:1\" schemaVersion=\"1.0\" id=\"masks\" version=\"1\" "
            "title=\"Masks scored from files\" task=\"segmentation\">\n  <cohort path=\".\"/>\n");
    if (labels) {
        add(&t, "  <targets>\n");
        if (!st) st = for_parts(&t, labels, add_target, err);
        add(&t, "  </targets>\n");
    }
    add(&t, "  <metrics>\n");
    if (!st) st = for_parts(&t, metrics, add_metric, err);
    add(&t, "  </metrics>\n</bench>\n");
    if (!st && t.failed) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a bench");
    if (!st) st = cm_file_write(path, t.s, (int64_t)t.used, err);
    free(t.s);
    return st;
}
