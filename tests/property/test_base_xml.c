/* Damaged XML is read or refused with a status of its contract and a place, never more. */
#include "tests/scratch.h"

#include "engine/base/random.h"
#include "engine/base/xml.h"

enum { DOCUMENTS = 3000 };

static const cm_random seed = {21, CM_PURPOSE_TEST};

static const char sound[] =
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    "<a xmlns='urn:x' b='1&lt;2'>\n <c d='e'>f<![CDATA[<g>]]></c><!-- h -->\n <?i j?>\n"
    " <c d='&#xE4;'/>\xC3\xA4</a>\n";

static void damage_is_read_or_refused(void **state)
{
    (void)state;
    static const char *const hot[] = {"<",    ">", "&",    "'",   "<!DOCTYPE a [",   "]]>", "<!--",
                                      "\xFF", "",  "&#0;", "<a>", "<!ENTITY x 'y'>", "&x;", "xmlns:"};
    int read = 0, refused = 0;
    for (uint64_t i = 0; i < DOCUMENTS; i++) {
        char text[2 * sizeof sound + 64];
        xmlDocPtr doc = NULL;
        cm_error err = {0};
        const size_t at = cm_random_below(seed, i, 0, sizeof sound - 1);
        const size_t skip = cm_random_below(seed, i, 1, 4);
        const char *piece = hot[cm_random_below(seed, i, 2, sizeof hot / sizeof *hot)];
        const size_t resume = at + skip < sizeof sound - 1 ? at + skip : sizeof sound - 1;
        const int n = snprintf(text, sizeof text, "%.*s%s%s", (int)at, sound, piece, sound + resume);
        cm_status st = cm_xml_parse(text, n, "t.xml", NULL, &doc, &err);
        if (st != CM_OK && st != CM_ERR_FORMAT)
            fail_msg("document %d: status %s", (int)i, cm_status_name(st));
        assert_true((st == CM_OK) == (doc != NULL));
        assert_true(st == CM_OK || !strncmp(err.where, "t.xml:", 6));
        read += st == CM_OK;
        refused += st != CM_OK;
        xmlFreeDoc(doc);
    }
    assert_true(read > 50);
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damage_is_read_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
