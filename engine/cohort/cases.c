/* Reading cases.csv. Columns are resolved once; a case is then a row looked at through them. */
#include "engine/cohort/cases_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/csv.h"

static const int64_t most_cases = 10000000;

struct cm_source {
    cm_csv *csv;
    const char *path;
    int id, patient, provider, split, reference, class_column; /* columns; -1 = absent */
    int n_channels, channel[CM_MAX_CHANNELS];
    int n_attributes, attribute[CM_MAX_ATTRIBUTES];
    struct resolved {
        int provider, split, class_value;
    } * resolved;
};

static cm_status fail_row(const cm_source *s, int64_t row, cm_status status, const char *what,
                          const char *why, const char *next, cm_error *err)
{
    return CM_FAIL(err, status, .what = what,
                   .where = cm_strf("%s:%d: case %.64s", s->path, cm_csv_line(s->csv, row),
                                    s->id >= 0 ? cm_csv_get(s->csv, row, s->id) : "?")
                                .s,
                   .why = why, .next = next);
}

static cm_status fail_header(const cm_source *s, const char *what, const char *why, const char *next,
                             cm_error *err)
{
    return CM_FAIL(err, CM_ERR_SCHEMA, .what = what, .where = cm_strf("%s:1", s->path).s, .why = why,
                   .next = next);
}

/* The number of exactly n digits at s, or -1. */
static int digits(const char *s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i])) return -1;
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

static bool date_at(const char *s)
{
    int year = digits(s, 4);
    if (year < 1900 || year > 2099) return false;
    int dash = s[4] == '-' ? 1 : 0;
    int month = digits(s + 4 + dash, 2);
    if (month < 1 || month > 12 || (dash && s[7] != '-')) return false;
    const char *rest = s + 6 + 2 * dash;
    int day = digits(rest, 2);
    return day >= 1 && day <= 31 && !isdigit((unsigned char)rest[2]);
}

bool cm_date_like(const char *text)
{
    for (const char *s = text; *s; s++)
        if ((s == text || !isdigit((unsigned char)s[-1])) && date_at(s)) return true;
    return false;
}

/* Letters, digits, dot, underscore, hyphen; starts with a letter or digit. */
static bool safe_name(const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n < 1 || n > most || !isalnum((unsigned char)text[0]) || (text[0] & 0x80)) return false;
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

/* ---- columns ---- */

/* The rest of a column name after its prefix, or NULL. */
static const char *after(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

static cm_status take_listed(cm_source *s, int column, const char *name, int *list, int *n, int most,
                             size_t longest, const char *kind, cm_error *err)
{
    if (!safe_name(name, longest))
        return fail_header(
            s, cm_strf("the name of column \"%.80s\" is not usable", cm_csv_name(s->csv, column)).s,
            cm_strf("a %s name has 1 to %zu letters, digits, dots, underscores, hyphens", kind, longest).s,
            NULL, err);
    if (*n >= most)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = cm_strf("too many %s columns", kind).s,
                       .where = cm_strf("%s:1", s->path).s,
                       .why = cm_strf("at most %d are possible", most).s);
    list[(*n)++] = column;
    return CM_OK;
}

static cm_status sort_columns(cm_source *s, cm_error *err)
{
    const struct {
        const char *name;
        int *column;
    } known[] = {{"case_id", &s->id},  {"patient", &s->patient},     {"provider", &s->provider},
                 {"split", &s->split}, {"reference", &s->reference}, {"class", &s->class_column}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        *known[k].column = -1;
    for (int c = 0; c < cm_csv_columns(s->csv); c++) {
        const char *name = cm_csv_name(s->csv, c), *rest;
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (strcmp(name, known[k].name) == 0) {
                *known[k].column = c;
                found = true;
            }
        cm_status st = CM_OK;
        if (found) continue;
        if ((rest = after(name, "channel:")))
            st = take_listed(s, c, rest, s->channel, &s->n_channels, CM_MAX_CHANNELS, 48, "channel", err);
        else if ((rest = after(name, "attr:")))
            st = take_listed(s, c, rest, s->attribute, &s->n_attributes, CM_MAX_ATTRIBUTES, 48, "attribute",
                             err);
        else
            st = fail_header(s, cm_strf("unknown column \"%.80s\"", name).s,
                             "known are case_id, patient, provider, split, channel:NAME, reference, class, "
                             "attr:NAME",
                             "rename it, for instance to attr:NAME, or remove it", err);
        if (st) return st;
    }
    if (s->id < 0) return fail_header(s, "the column case_id is missing", NULL, NULL, err);
    if (s->n_channels == 0)
        return fail_header(s, "there is no column channel:NAME", NULL,
                           "name at least one, such as channel:image, with the path of each case's image",
                           err);
    return CM_OK;
}

/* The columns against what cohort.xml declares. */
static cm_status fit_columns(const cm_source *s, const cm_cohort_info *info, cm_error *err)
{
    bool segmentation = info->task == CM_TASK_SEGMENTATION;
    if (segmentation && s->class_column >= 0)
        return fail_header(s, "the column class does not fit the task",
                           "cohort.xml declares a segmentation: cases have a column reference", NULL, err);
    if (!segmentation && s->reference >= 0)
        return fail_header(s, "the column reference does not fit the task",
                           "cohort.xml declares a classification: cases have a column class", NULL, err);
    if (s->provider < 0 && info->n_providers > 1)
        return fail_header(s, "the column provider is missing",
                           cm_strf("cohort.xml declares %d providers", info->n_providers).s, NULL, err);
    if (s->split < 0 && info->n_splits > 1)
        return fail_header(s, "the column split is missing",
                           cm_strf("cohort.xml declares %d splits", info->n_splits).s, NULL, err);
    if (info->n_channels == 0) return CM_OK;
    for (int d = 0; d < info->n_channels; d++) {
        bool found = false;
        for (int c = 0; c < s->n_channels; c++)
            found = found || strcmp(cm_source_column(s, c), info->channels[d]) == 0;
        if (!found)
            return fail_header(s, cm_strf("the column channel:%s is missing", info->channels[d]).s,
                               "cohort.xml declares the channel", NULL, err);
    }
    if (s->n_channels != info->n_channels)
        return fail_header(
            s, "there are more channels than declared",
            cm_strf("%d columns channel:NAME, cohort.xml declares %d", s->n_channels, info->n_channels).s,
            NULL, err);
    return CM_OK;
}

static cm_status take_names(const cm_source *s, cm_cohort_info *info, cm_error *err)
{
    free(info->channels);
    free(info->attributes);
    info->channels = calloc(CM_MAX_CHANNELS, sizeof *info->channels);
    info->attributes = calloc(CM_MAX_ATTRIBUTES, sizeof *info->attributes);
    if (!info->channels || !info->attributes)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for names", .where = s->path);
    info->n_channels = s->n_channels;
    for (int c = 0; c < s->n_channels; c++)
        snprintf(info->channels[c], sizeof info->channels[c], "%s", cm_source_column(s, c));
    info->n_attributes = s->n_attributes;
    for (int a = 0; a < s->n_attributes; a++)
        snprintf(info->attributes[a], sizeof info->attributes[a], "%s",
                 after(cm_csv_name(s->csv, s->attribute[a]), "attr:"));
    return CM_OK;
}

/* ---- rows ---- */

/* Index of text in a list of names of `width` bytes each, or -1. */
static int find_name(const void *names, int n, size_t width, const char *text)
{
    for (int i = 0; i < n; i++)
        if (strcmp((const char *)names + (size_t)i * width, text) == 0) return i;
    return -1;
}

static int find_class(const cm_cohort_info *info, const char *text)
{
    for (int i = 0; i < info->n_labels; i++)
        if (strcmp(info->labels[i].name, text) == 0 ||
            strcmp(cm_strf("%d", info->labels[i].value).s, text) == 0)
            return info->labels[i].value;
    return -1;
}

static cm_status check_ids(const cm_source *s, int64_t row, cm_error *err)
{
    const char *id = cm_csv_get(s->csv, row, s->id);
    const char *patient = s->patient < 0 ? "" : cm_csv_get(s->csv, row, s->patient);
    const char *alphabet = "1 to 64 letters, digits, dots, underscores, hyphens; a letter or digit first";
    if (!safe_name(id, 64))
        return fail_row(s, row, CM_ERR_SCHEMA, "the case id is not usable", alphabet,
                        "rename the case; an id appears in file names and reports", err);
    if (*patient && !safe_name(patient, 64))
        return fail_row(s, row, CM_ERR_SCHEMA, "the patient is not an opaque id", alphabet, "use a pseudonym",
                        err);
    for (int a = 0; a < s->n_attributes; a++) {
        size_t n = strlen(cm_csv_get(s->csv, row, s->attribute[a]));
        if (n > 63)
            return fail_row(
                s, row, CM_ERR_LIMIT, "an attribute is too long",
                cm_strf("column %.60s: %zu bytes, at most 63", cm_csv_name(s->csv, s->attribute[a]), n).s,
                "attributes are for short values such as an age band", err);
    }
    return CM_OK;
}

static cm_status resolve(const cm_source *s, int64_t row, const cm_cohort_info *info, struct resolved *out,
                         cm_error *err)
{
    const char *provider = s->provider < 0 ? "" : cm_csv_get(s->csv, row, s->provider);
    const char *split = s->split < 0 ? "" : cm_csv_get(s->csv, row, s->split);
    const char *class_text = s->class_column < 0 ? "" : cm_csv_get(s->csv, row, s->class_column);
    out->provider = *provider || info->n_providers > 1
                        ? find_name(info->providers, info->n_providers, sizeof *info->providers, provider)
                        : 0;
    out->split = *split || info->n_splits > 1
                     ? find_name(info->splits, info->n_splits, sizeof *info->splits, split)
                     : 0;
    out->class_value = *class_text ? find_class(info, class_text) : -1;
    if (out->provider < 0)
        return fail_row(
            s, row, CM_ERR_MISMATCH, cm_strf("provider \"%.60s\" is not declared", provider).s,
            cm_strf("cohort.xml lists %d, the first is %s", info->n_providers, info->providers[0]).s,
            "add it to <providers>, or correct the column", err);
    if (out->split < 0)
        return fail_row(s, row, CM_ERR_MISMATCH, cm_strf("split \"%.60s\" is not declared", split).s,
                        cm_strf("cohort.xml lists %d, the first is %s", info->n_splits, info->splits[0]).s,
                        "add it to <splits>, or correct the column", err);
    if (*class_text && out->class_value < 0)
        return fail_row(s, row, CM_ERR_MISMATCH, cm_strf("class \"%.60s\" is not declared", class_text).s,
                        cm_strf("cohort.xml lists %d classes by name or number", info->n_labels).s,
                        "add it to <labels>, or correct the column", err);
    for (int c = 0; c < s->n_channels; c++)
        if (!*cm_csv_get(s->csv, row, s->channel[c]))
            return fail_row(s, row, CM_ERR_SCHEMA, "a channel has no file",
                            cm_strf("column %.60s is empty", cm_csv_name(s->csv, s->channel[c])).s,
                            "every case needs every channel; leave the case out otherwise", err);
    return CM_OK;
}

struct keyed {
    const char *text;
    int64_t row;
};

static int by_text(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Sorted (text, row) of every row's id or patient; the caller frees. */
static struct keyed *sorted_rows(const cm_source *s, bool patients)
{
    int64_t n = cm_csv_rows(s->csv);
    struct keyed *key = calloc((size_t)n + 1, sizeof *key);
    for (int64_t r = 0; key && r < n; r++) {
        cm_source_case c;
        cm_source_get(s, r, &c);
        key[r] = (struct keyed){.text = patients ? c.patient : c.id, .row = r};
    }
    if (key) qsort(key, (size_t)n, sizeof *key, by_text);
    return key;
}

static cm_status count_ids(const cm_source *s, cm_cohort_info *info, cm_error *err)
{
    int64_t n = cm_csv_rows(s->csv);
    struct keyed *ids = sorted_rows(s, false), *patients = sorted_rows(s, true);
    cm_status st = CM_OK;
    if (!ids || !patients)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table", .where = s->path);
    for (int64_t i = 1; !st && i < n; i++)
        if (strcmp(ids[i].text, ids[i - 1].text) == 0)
            st = fail_row(s, ids[i].row, CM_ERR_SCHEMA, "the case id occurs twice",
                          cm_strf("lines %d and %d", cm_csv_line(s->csv, ids[i - 1].row),
                                  cm_csv_line(s->csv, ids[i].row))
                              .s,
                          "give every case its own id", err);
    info->n_patients = 0;
    for (int64_t i = 0; !st && i < n; i++)
        info->n_patients += i == 0 || strcmp(patients[i].text, patients[i - 1].text) != 0;
    free(ids);
    free(patients);
    return st;
}

static cm_status read_rows(cm_source *s, cm_cohort_info *info, cm_error *err)
{
    int64_t n = cm_csv_rows(s->csv);
    if (n == 0) return CM_FAIL(err, CM_ERR_EMPTY, .what = "there are no cases", .where = s->path);
    if (n > most_cases)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "there are too many cases", .where = s->path,
                       .why = cm_strf("%lld lines, at most %lld", (long long)n, (long long)most_cases).s);
    s->resolved = calloc((size_t)n, sizeof *s->resolved);
    if (!s->resolved)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table", .where = s->path);
    cm_status st = CM_OK;
    for (int64_t r = 0; !st && r < n; r++) {
        st = check_ids(s, r, err);
        if (!st) st = resolve(s, r, info, &s->resolved[r], err);
    }
    return st ? st : count_ids(s, info, err);
}

cm_status cm_source_read(const char *path, cm_cohort_info *info, cm_source **out, cm_error *err)
{
    cm_source *s = calloc(1, sizeof *s);
    if (!s) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table", .where = path);
    s->path = path;
    cm_status st = cm_csv_read(path, &s->csv, err);
    if (!st) st = sort_columns(s, err);
    if (!st) st = fit_columns(s, info, err);
    if (!st) st = take_names(s, info, err);
    if (!st) st = read_rows(s, info, err);
    if (st)
        cm_source_destroy(s);
    else
        *out = s;
    return st;
}

void cm_source_destroy(cm_source *source)
{
    if (!source) return;
    cm_csv_close(source->csv);
    free(source->resolved);
    free(source);
}

int64_t cm_source_count(const cm_source *source)
{
    return cm_csv_rows(source->csv);
}

void cm_source_get(const cm_source *source, int64_t i, cm_source_case *out)
{
    const struct resolved *r = &source->resolved[i];
    *out = (cm_source_case){.id = cm_csv_get(source->csv, i, source->id),
                            .provider = r->provider,
                            .split = r->split,
                            .class_value = r->class_value,
                            .line = cm_csv_line(source->csv, i)};
    const char *patient = source->patient < 0 ? "" : cm_csv_get(source->csv, i, source->patient);
    const char *reference = source->reference < 0 ? "" : cm_csv_get(source->csv, i, source->reference);
    out->patient = *patient ? patient : out->id;
    out->reference = *reference ? reference : NULL;
    for (int c = 0; c < source->n_channels; c++)
        out->channel[c] = cm_csv_get(source->csv, i, source->channel[c]);
}

const char *cm_source_attribute(const cm_source *source, int64_t i, int attribute)
{
    return cm_csv_get(source->csv, i, source->attribute[attribute]);
}

int cm_source_columns(const cm_source *source)
{
    return source->n_channels;
}

const char *cm_source_column(const cm_source *source, int column)
{
    return after(cm_csv_name(source->csv, source->channel[column]), "channel:");
}
