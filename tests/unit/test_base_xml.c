/* XML: hostile documents are refused by a rule, violations name their line, numbers read and write exactly.
 */
#include "tests/scratch.h"

#include <math.h>

#include "engine/base/xml.h"

static const char thing_xsd[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:test:1' xmlns='urn:test:1'\n"
    "  elementFormDefault='qualified'>\n"
    " <xs:element name='thing'><xs:complexType><xs:sequence>\n"
    "  <xs:element name='part' minOccurs='0' maxOccurs='unbounded'><xs:complexType><xs:simpleContent>\n"
    "   <xs:extension base='xs:string'><xs:attribute name='size' type='xs:double'/>\n"
    "    <xs:attribute name='n' type='xs:integer'/><xs:attribute name='on' type='xs:boolean'/></xs:extension>\n"
    "  </xs:simpleContent></xs:complexType></xs:element>\n"
    " </xs:sequence></xs:complexType></xs:element>\n"
    "</xs:schema>\n";

static const cm_schema thing = {"thing.xsd", (const unsigned char *)thing_xsd,
                                (const unsigned char *)thing_xsd + sizeof thing_xsd - 1};

static cm_status parse(const char *text, const cm_schema *schema, xmlDocPtr *doc, cm_error *err)
{
    return cm_xml_parse(text, (int64_t)strlen(text), "t.xml", schema, doc, err);
}

static void assert_refused(const char *text, const cm_schema *schema, cm_status status, const char *where,
                           const char *said)
{
    xmlDocPtr doc = NULL;
    cm_error err = {0};
    char line[1024];
    assert_int_equal(parse(text, schema, &doc, &err), status);
    assert_null(doc);
    assert_string_equal(err.where, where);
    cm_error_format(&err, line, sizeof line);
    if (!strstr(line, said)) fail_msg("\"%s\" does not say \"%s\"", line, said);
}

static void values_are_read(void **state)
{
    (void)state;
    xmlDocPtr doc = NULL;
    char text[16];
    assert_int_equal(
        parse("<thing xmlns='urn:test:1'>\n<!-- c --><part size='1.5e-3' n='-42' on='true'>a<![CDATA[<"
              "b]]>&amp;</part>\n<part/></thing>",
              &thing, &doc, NULL),
        CM_OK);
    xmlNodePtr root = xmlDocGetRootElement(doc);
    xmlNodePtr first = cm_xml_child(root, "part"), second = cm_xml_next(first, "part");
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_equal(cm_xml_child(root, NULL), first);
    assert_null(cm_xml_next(second, NULL));
    assert_null(cm_xml_child(first, "part"));
    assert_null(cm_xml_child(NULL, "part"));
    assert_null(cm_xml_next(NULL, "part"));
    assert_true(cm_xml_text(first, text, sizeof text));
    assert_string_equal(text, "a<b&");
    assert_true(cm_xml_double(first, "size", 7) == 1.5e-3);
    assert_true(cm_xml_double(second, "size", 7) == 7);
    assert_true(cm_xml_integer(first, "n", 7) == -42);
    assert_true(cm_xml_integer(second, "n", 7) == 7);
    assert_true(cm_xml_bool(first, "on", false));
    assert_true(cm_xml_bool(second, "on", true));
    assert_false(cm_xml_attribute(second, "n", text, sizeof text));
    assert_string_equal(text, "");
    assert_true(cm_xml_attribute(first, "n", text, 4)); /* "-42" and its end just fit */
    assert_false(cm_xml_attribute(first, "n", text, 3));
    assert_string_equal(text, "");
    xmlFreeDoc(doc);
}

static void violations_name_their_line(void **state)
{
    (void)state;
    assert_refused("<thing xmlns='urn:test:1'>\n<part/>\n<prat/>\n</thing>", &thing, CM_ERR_SCHEMA, "t.xml:3",
                   "Element 'prat': This element is not expected. Expected is ( part )");
    assert_refused("<thing xmlns='urn:test:1'>\n<part size='big'/></thing>", &thing, CM_ERR_SCHEMA, "t.xml:2",
                   "'big' is not a valid value");
    assert_refused("<thing/>", &thing, CM_ERR_SCHEMA, "t.xml:1", "does not follow thing.xsd");
    assert_refused("<thing xmlns='urn:test:1'>\n<part>\n</thing>", &thing, CM_ERR_FORMAT, "t.xml:3",
                   "not well-formed");
}

static void hostile_documents_are_refused(void **state)
{
    (void)state;
    assert_refused("<!DOCTYPE thing><thing xmlns='urn:test:1'/>", NULL, CM_ERR_FORMAT, "t.xml:1",
                   "document type");
    assert_refused(
        "<?xml version='1.0'?>\n<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>]>\n<l>&d;</l>",
        NULL, CM_ERR_FORMAT, "t.xml:2", "document type");
    assert_refused("<!DOCTYPE l [<!ENTITY x SYSTEM 'secret'>]><l>&x;</l>", NULL, CM_ERR_FORMAT, "t.xml:1",
                   "document type");
    assert_refused("<!DOCTYPE l SYSTEM 'secret.dtd'><l/>", NULL, CM_ERR_FORMAT, "t.xml:1", "document type");
    assert_refused("<!DOCTYPE l [<!ENTITY % p SYSTEM 'secret'> %p;]><l/>", NULL, CM_ERR_FORMAT, "t.xml:1",
                   "document type");
    assert_refused("<!DOCTYPE l [<!ENTITY", NULL, CM_ERR_FORMAT, "t.xml:1",
                   "document type"); /* not read on */
    assert_refused("<l>&x;</l>", NULL, CM_ERR_FORMAT, "t.xml:1", "not well-formed");
    assert_refused("<l>\xFF</l>", NULL, CM_ERR_FORMAT, "t.xml:1", "not well-formed");
    assert_refused("<l>&#0;</l>", NULL, CM_ERR_FORMAT, "t.xml:1", "not well-formed");
    assert_refused("<l/><l/>", NULL, CM_ERR_FORMAT, "t.xml:1", "not well-formed");
    assert_refused("", NULL, CM_ERR_FORMAT, "t.xml:1", "not well-formed");
    assert_refused("not xml", NULL, CM_ERR_FORMAT, "t.xml:1", "not well-formed");
}

/* A document may name a schema of its own; it is neither loaded nor obeyed, and XInclude stays text. */
static void other_files_are_not_loaded(void **state)
{
    (void)state;
    xmlDocPtr doc = NULL;
    scratch_write(
        "loose.xsd",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:test:1'>"
        "<xs:element name='other'/></xs:schema>",
        strlen("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:test:1'>"
               "<xs:element name='other'/></xs:schema>"));
    assert_refused("<other xmlns='urn:test:1' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
                   "xsi:schemaLocation='urn:test:1 loose.xsd'/>",
                   &thing, CM_ERR_SCHEMA, "t.xml:1", "other");
    scratch_write("secret", "s", 1);
    assert_int_equal(
        parse("<l><include xmlns='http://www.w3.org/2001/XInclude' parse='text' href='secret'/></l>", NULL,
              &doc, NULL),
        CM_OK);
    xmlNodePtr child = cm_xml_child(xmlDocGetRootElement(doc), NULL);
    assert_string_equal((const char *)child->name, "include");
    assert_null(child->children);
    xmlFreeDoc(doc);
}

static char *nested(int depth)
{
    char *text = malloc((size_t)depth * 7 + 1), *put = text;
    assert_non_null(text);
    for (int i = 0; i < depth; i++)
        put += sprintf(put, "<a>");
    for (int i = 0; i < depth; i++)
        put += sprintf(put, "</a>");
    return text;
}

static void depth_and_size_have_caps(void **state)
{
    (void)state;
    xmlDocPtr doc = NULL;
    cm_error err = {0};
    char *text = nested(64);
    assert_int_equal(parse(text, NULL, &doc, NULL), CM_OK);
    xmlFreeDoc(doc);
    free(text);
    doc = NULL;
    text = nested(65);
    assert_refused(text, NULL, CM_ERR_LIMIT, "t.xml:1", "more than 64 levels");
    free(text);
    text = nested(100000);
    assert_refused(text, NULL, CM_ERR_LIMIT, "t.xml:1", "more than 64 levels");
    free(text);
    scratch_write("large.xml", "<a/>", 4);
    assert_int_equal(truncate("large.xml", (16L << 20) + 1), 0);
    assert_int_equal(cm_xml_read("large.xml", NULL, &doc, &err), CM_ERR_LIMIT);
    assert_string_equal(err.where, "large.xml");
    assert_int_equal(cm_xml_read("absent.xml", NULL, &doc, NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_xml_parse("<a/>", (16L << 20) + 1, "m", NULL, &doc, NULL), CM_ERR_LIMIT);
    assert_null(doc);
}

/* Line numbers beyond 65,535, where the node's own counter ends. */
static void far_lines_are_named(void **state)
{
    (void)state;
    enum { LINES = 70000 };
    char *text = malloc(LINES + 200);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "<thing xmlns='urn:test:1'>");
    memset(text + n, '\n', LINES);
    sprintf(text + n + LINES, "<prat/></thing>");
    assert_refused(text, &thing, CM_ERR_SCHEMA, "t.xml:70001", "prat");
    free(text);
}

static void a_document_in_memory_is_validated(void **state)
{
    (void)state;
    cm_error err = {0};
    xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNodePtr root = xmlNewDocNode(doc, NULL, (const xmlChar *)"thing", NULL);
    xmlSetNs(root, xmlNewNs(root, (const xmlChar *)"urn:test:1", NULL));
    xmlDocSetRootElement(doc, root);
    assert_int_equal(cm_xml_validate(doc, "m", &thing, NULL), CM_OK);
    xmlNewChild(root, NULL, (const xmlChar *)"wrong", NULL);
    assert_int_equal(cm_xml_validate(doc, "m", &thing, &err), CM_ERR_SCHEMA);
    const cm_schema broken = {"broken.xsd", (const unsigned char *)"<x/>", (const unsigned char *)"<x/>" + 4};
    assert_int_equal(cm_xml_validate(doc, "m", &broken, NULL), CM_ERR_INTERNAL);
    xmlFreeDoc(doc);
}

static void doubles_are_written_short(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } known[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {100, "100"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e16"},
                 {1e-30, "1e-30"},
                 {0.00001, "0.00001"},
                 {0.000001, "1e-6"},
                 {1.0 / 3, "0.3333333333333333"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {123456789012345678.0, "1.2345678901234568e17"},
                 {-2.2250738585072014e-308, "-2.2250738585072014e-308"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[32];
        cm_double_text(known[i].value, text);
        assert_string_equal(text, known[i].text);
    }
}

/* Every bit pattern of a walk through all exponents reads back as itself. */
static void doubles_round_trip(void **state)
{
    (void)state;
    int n = 0;
    for (uint64_t bits = 1; bits < UINT64_C(0x7FF0000000000000); bits += UINT64_C(0x0004765432123457)) {
        double value, back;
        char text[32];
        memcpy(&value, &bits, sizeof value);
        cm_double_text(value, text);
        back = strtod(text, NULL);
        assert_memory_equal(&value, &back, sizeof value);
        n++;
    }
    assert_true(n > 7000);
}

/* The digits of a number without sign, point, exponent and the zeros around them. */
static int digits_of(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (*text == '0' && !n)) continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

/* As few digits as trying one number of digits after the other finds. */
static void no_fewer_digits_would_do(void **state)
{
    (void)state;
    int shortest[18] = {0};
    for (uint64_t i = 1; i < 4000; i++) {
        double value, decimal = (double)i / 1000;
        const uint64_t bits = i * UINT64_C(0x0002345676543211) % UINT64_C(0x7FF0000000000000);
        memcpy(&value, &bits, sizeof value);
        if (i % 2) value = decimal;
        char text[32], tried[32];
        int least = 1;
        for (; least < 17; least++) {
            snprintf(tried, sizeof tried, "%.*e", least - 1, value);
            if (strtod(tried, NULL) == value) break;
        }
        cm_double_text(value, text);
        snprintf(tried, sizeof tried, "%.*e", least - 1, value);
        if (digits_of(text) != digits_of(tried)) fail_msg("%s, but %s does", text, tried);
        shortest[least]++;
    }
    assert_true(shortest[17] > 100 && shortest[4] > 100 && shortest[16] > 100);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(violations_name_their_line),
        cmocka_unit_test(hostile_documents_are_refused),
        IN_SCRATCH(other_files_are_not_loaded),
        IN_SCRATCH(depth_and_size_have_caps),
        cmocka_unit_test(far_lines_are_named),
        cmocka_unit_test(a_document_in_memory_is_validated),
        cmocka_unit_test(no_fewer_digits_would_do),
        cmocka_unit_test(doubles_are_written_short),
        cmocka_unit_test(doubles_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
