/* Files that must be refused, each by its rule. One file per rule, written here byte by byte. */
#include "tests/unit/model_fixture.h"

static void input_x(ow_buf *g)
{
    ow_input(g, "x", OW_FLOAT, SHAPE(1, 3, 8, 8));
}

static void output_y(ow_buf *g)
{
    ow_output(g, "y", OW_FLOAT, SHAPE(1, 3, 8, 8));
}

/* x -> Relu -> y, the start of most files here. */
static ow_buf relu_graph(void)
{
    ow_buf g = {0};
    input_x(&g);
    ow_node(&g, "Relu", "x", "y", NULL);
    output_y(&g);
    return g;
}

/* x + w with w as the caller made it. */
static ow_buf add_graph(ow_buf *w)
{
    ow_buf g = {0};
    input_x(&g);
    ow_initializer(&g, w);
    ow_node(&g, "Add", "x,w", "y", NULL);
    output_y(&g);
    return g;
}

static void refuse_bytes(ow_buf *bytes, const cm_model_limits *limits, cm_status expected, const char *word)
{
    cm_model *m = NULL;
    cm_error err = {0};
    cm_status st = open_bytes(bytes, limits, &m, &err);
    assert_null(m);
    assert_refused(st, expected, &err, word);
}

static void refuse_graph(ow_buf *graph, cm_status expected, const char *word)
{
    ow_buf model = ow_model(graph, 13);
    refuse_bytes(&model, NULL, expected, word);
}

static void refuse_weight(ow_buf *w, cm_status expected, const char *word)
{
    ow_buf g = add_graph(w);
    refuse_graph(&g, expected, word);
}

static void the_plain_graph_is_accepted(void **state)
{
    (void)state;
    ow_buf g = relu_graph(), model = ow_model(&g, 13);
    cm_model *m = NULL;
    cm_error err = {0};
    assert_ok(open_bytes(&model, NULL, &m, &err), &err);
    cm_model_close(m);
}

static void every_cut_of_a_file_is_refused(void **state)
{
    (void)state;
    float w[2] = {1, 2};
    ow_buf t = ow_tensor_f32("w", SHAPE(2), w), g = add_graph(&t), model = ow_model(&g, 13);
    for (int64_t n = 0; n < model.size; n++) {
        ow_buf part = {0};
        ow_raw(&part, model.data, n);
        cm_model *m = NULL;
        cm_error err = {0};
        cm_status st = open_bytes(&part, NULL, &m, &err);
        /* a cut between two fields leaves a file without a graph or opset: malformed, not cut short */
        assert_true(st == CM_ERR_TRUNCATED || st == CM_ERR_FORMAT);
        assert_null(m);
    }
    ow_buf part = {0};
    ow_raw(&part, model.data, model.size * 2 / 3);
    ow_free(&model);
    refuse_bytes(&part, NULL, CM_ERR_TRUNCATED, "left");
}

static void wire_that_is_not_protobuf(void **state)
{
    (void)state;
    ow_buf b = {0};
    ow_raw(&b, "\x0b\x0c", 2); /* a group */
    refuse_bytes(&b, NULL, CM_ERR_FORMAT, "wire type 3");
    ow_raw(&b, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11); /* over 64 bits */
    refuse_bytes(&b, NULL, CM_ERR_FORMAT, "64 bits");
    ow_raw(&b, "\x00\x01", 2);
    refuse_bytes(&b, NULL, CM_ERR_FORMAT, "field number");
    ow_raw(&b, "\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10); /* a graph of 2^63 bytes */
    refuse_bytes(&b, NULL, CM_ERR_TRUNCATED, "runs past the end");
    refuse_bytes(&b, NULL, CM_ERR_TRUNCATED, "empty");
    ow_int(&b, 7, 5); /* the graph as a number */
    refuse_bytes(&b, NULL, CM_ERR_FORMAT, "graph is stored as the wrong kind");
    ow_raw(&b, "not an onnx file, just text", 27);
    cm_error err = {0};
    cm_model *m = NULL;
    cm_status st = open_bytes(&b, NULL, &m, &err);
    assert_true(st == CM_ERR_TRUNCATED || st == CM_ERR_FORMAT);
}

static void dimensions(void **state)
{
    (void)state;
    float w[4] = {0};
    ow_buf t = ow_tensor_raw("w", OW_FLOAT, SHAPE(3, -1, 1), w, 12);
    refuse_weight(&t, CM_ERR_FORMAT, "negative");
    t = ow_tensor_raw("w", OW_FLOAT, SHAPE(INT64_C(1) << 32, INT64_C(1) << 32, 4), w, 0);
    refuse_weight(&t, CM_ERR_LIMIT, "4294967296, at most 2147483647");
    t = ow_tensor_raw("w", OW_FLOAT, SHAPE(INT32_MAX, INT32_MAX, INT32_MAX), w, 0);
    refuse_weight(&t, CM_ERR_LIMIT, "2^63");
    t = ow_tensor_raw("w", OW_FLOAT, SHAPE(65536, 65536), w, 0);
    refuse_weight(&t, CM_ERR_LIMIT, "weights of the model are larger");
    t = ow_tensor_raw("w", OW_FLOAT, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1), w, 4);
    refuse_weight(&t, CM_ERR_LIMIT, "9, at most 8");
}

static void data_that_does_not_fit_its_dimensions(void **state)
{
    (void)state;
    float w[9] = {0};
    ow_buf t = ow_tensor_raw("w", OW_FLOAT, SHAPE(3, 3, 1, 1), w, 20);
    refuse_weight(&t, CM_ERR_FORMAT, "expected 36 bytes, found 20");
    t = ow_tensor_raw("w", OW_FLOAT, SHAPE(2), w, 12);
    refuse_weight(&t, CM_ERR_FORMAT, "expected 8 bytes, found 12");
    t = ow_tensor("w", OW_FLOAT, SHAPE(2)); /* typed field, one number too few */
    ow_float(&t, 4, 1.0f);
    refuse_weight(&t, CM_ERR_FORMAT, "expected 2 values, found 1");
    t = ow_tensor("w", OW_FLOAT, SHAPE(2)); /* no data at all */
    refuse_weight(&t, CM_ERR_FORMAT, "expected 2 values, found 0");
}

/* A tensor w of three floats whose entries of external_data are "key", "value", ... up to NULL. */
static ow_buf external_tensor(const char *const *entries, int64_t location)
{
    ow_buf t = ow_tensor("w", OW_FLOAT, SHAPE(3));
    for (; entries && entries[0]; entries += 2) {
        ow_buf entry = {0};
        ow_string(&entry, 1, entries[0]);
        ow_string(&entry, 2, entries[1]);
        ow_message(&t, 13, &entry);
    }
    if (location) ow_int(&t, 14, location);
    return t;
}

/* Where it points does not matter, so nothing is looked up: beside the model, outside, absolute, a memory
 * address as ONNX Runtime once took them, keys that onnx once set as attributes of an object. */
static void external_data(void **state)
{
    (void)state;
    static const char *const forms[][7] = {
        {"location", "weights.bin"},
        {"location", "../../../../../../etc/hostname"},
        {"location", "sub/../../../secret"},
        {"location", "/etc/hostname"},
        {"location", "/proc/self/mem", "offset", "4194304", "length", "12"},
        {"location", "*/_ORT_MEM_ADDR_/*", "offset", "140737488355328", "length", "12"},
        {"location", "file:///etc/hostname"},
        {"location", "http://example.org/w"},
        {"location", ""},
        {"location", "w", "length", "9223372036854775807"},
        {"location", "w", "basepath", "/etc", "__class__", "os"},
        {"checksum", "0"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (int location = 0; location <= 2; location++) { /* said to be inside, outside, neither */
            ow_buf t = external_tensor(forms[i], location);
            refuse_weight(&t, CM_ERR_POLICY, "external data");
        }
    ow_buf t = external_tensor(NULL, 1); /* the location alone */
    refuse_weight(&t, CM_ERR_POLICY, "external data");
    t = ow_tensor_raw("w", OW_FLOAT, SHAPE(1), "\0\0\0\0", 4); /* an entry beside data in place */
    ow_buf entry = {0};
    ow_string(&entry, 1, "location");
    ow_message(&t, 13, &entry);
    refuse_weight(&t, CM_ERR_POLICY, "external data");

    ow_buf g = {0}, a = {0}; /* in a tensor that is an attribute */
    t = external_tensor(forms[1], 1);
    input_x(&g);
    ow_attr_tensor(&a, "value", &t);
    ow_node(&g, "Constant", "", "c", &a);
    ow_node(&g, "Add", "x,c", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_POLICY, "external data");
}

/* The first file in the folder may be there, and a link: a model with external data is refused all the same,
 * and a model that is a link is what it points to, if that is a file. */
static void files_beside_the_model(void **state)
{
    (void)state;
    char folder[] = "/tmp/cohmark-model.XXXXXX", path[64], secret[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    snprintf(secret, sizeof secret, "%s/weights.bin", folder);
    assert_int_equal(symlink("/etc/hostname", secret), 0);
    static const char *const form[] = {"location", "weights.bin", NULL};
    ow_buf t = external_tensor(form, 1), g = add_graph(&t), model = ow_model(&g, 13);
    assert_int_equal(ow_save(&model, path), 0);
    cm_model *m = NULL;
    cm_error err = {0};
    assert_refused(cm_model_open(path, NULL, &m, &err), CM_ERR_POLICY, &err, "external data");
    unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    err = (cm_error){0};
    assert_refused(cm_model_open(path, NULL, &m, &err), CM_ERR_POLICY, &err, "regular file");
    unlink(path);
    unlink(secret);
    assert_int_equal(rmdir(folder), 0);
}

/* Data twice leaves open which counts; so does data of another type. */
static void data_in_two_places(void **state)
{
    (void)state;
    const float w[2] = {1, 2};
    ow_buf t = ow_tensor_f32("w", SHAPE(2), w);
    ow_float(&t, 4, 3.0f);
    ow_float(&t, 4, 4.0f);
    refuse_weight(&t, CM_ERR_FORMAT, "more than one field");
    t = ow_tensor_f32("w", SHAPE(2), w);
    ow_int(&t, 7, 1);
    refuse_weight(&t, CM_ERR_FORMAT, "more than one field");
    t = ow_tensor("w", OW_FLOAT, SHAPE(2)); /* floats as int64 beside them */
    ow_float(&t, 4, 1.0f);
    ow_float(&t, 4, 2.0f);
    ow_int(&t, 7, 1);
    refuse_weight(&t, CM_ERR_FORMAT, "more than one field");
    t = ow_tensor_f32("w", SHAPE(2), w); /* an empty field holds nothing */
    ow_bytes(&t, 4, "", 0);
    ow_buf g = add_graph(&t), model = ow_model(&g, 13);
    cm_model *m = NULL;
    cm_error err = {0};
    assert_ok(open_bytes(&model, NULL, &m, &err), &err);
    cm_model_close(m);
}

/* What an attribute may not be, whatever operator carries it. field: of AttributeProto, kind: its type. */
static void attributes_that_are_not_allowed(void **state)
{
    (void)state;
    static const struct {
        int field, kind;
        cm_status expected;
        const char *word;
    } rows[] = {
        {6, 5, CM_ERR_POLICY, "control flow"},
        {11, 10, CM_ERR_POLICY, "control flow"},
        {22, 11, CM_ERR_POLICY, "sparse"},
        {23, 12, CM_ERR_POLICY, "sparse"},
        {14, 13, CM_ERR_POLICY, "sequence"},
        {15, 14, CM_ERR_POLICY, "sequence"},
        {21, 2, CM_ERR_POLICY, "function"},
        {9, 8, CM_ERR_UNSUPPORTED, "not supported"},
        {10, 9, CM_ERR_UNSUPPORTED, "not supported"},
        {3, 99, CM_ERR_UNSUPPORTED, "not supported"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ow_buf a = {0}, list = {0}, g = {0};
        ow_string(&a, 1, "alpha");
        if (rows[i].field == 3)
            ow_int(&a, 3, 1);
        else
            ow_string(&a, rows[i].field, "");
        ow_int(&a, 20, rows[i].kind);
        ow_message(&list, 5, &a);
        input_x(&g);
        ow_node(&g, "LeakyRelu", "x", "y", &list);
        output_y(&g);
        refuse_graph(&g, rows[i].expected, rows[i].word);
    }
}

/* Graphs in graphs: refused at the first, so that depth costs nothing. */
static void nesting_without_end(void **state)
{
    (void)state;
    ow_buf g = relu_graph();
    for (int depth = 0; depth < 1000; depth++) {
        ow_buf a = {0}, list = {0}, outer = {0};
        ow_string(&a, 1, "body");
        ow_message(&a, 6, &g);
        ow_int(&a, 20, 5);
        ow_message(&list, 5, &a);
        input_x(&outer);
        ow_node(&outer, "Identity", "x", "y", &list);
        output_y(&outer);
        g = outer;
    }
    refuse_graph(&g, CM_ERR_POLICY, "node 0 \"y\" (Identity)");
}

/* Types of graph inputs and outputs other than a dense tensor. field: of TypeProto. */
static void types_that_are_not_tensors(void **state)
{
    (void)state;
    for (int field = 4; field <= 9; field++) { /* sequence, map, opaque, sparse, optional; 6 is a name */
        if (field == 6) continue;
        for (int side = 11; side <= 12; side++) {
            ow_buf g = {0}, info = {0}, type = {0}, none = {0};
            ow_string(&info, 1, side == 11 ? "x" : "y");
            ow_message(&type, field, &none);
            ow_message(&info, 2, &type);
            if (side == 12) input_x(&g);
            ow_message(&g, side, &info);
            ow_node(&g, "Relu", "x", "y", NULL);
            if (side == 11) output_y(&g);
            refuse_graph(&g, CM_ERR_POLICY, "not a dense tensor");
        }
    }
    ow_buf g = {0};
    ow_input(&g, "x", OW_STRING, SHAPE(1));
    ow_node(&g, "Relu", "x", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_POLICY, "string");
}

static void element_types(void **state)
{
    (void)state;
    ow_buf t = ow_tensor_raw("w", 14, SHAPE(1), "a", 1);
    refuse_weight(&t, CM_ERR_UNSUPPORTED, "complex64");
    t = ow_tensor("w", OW_STRING, SHAPE(1));
    refuse_weight(&t, CM_ERR_POLICY, "string");
    t = ow_tensor("w", 0, SHAPE(1));
    refuse_weight(&t, CM_ERR_FORMAT, "element type");
    t = ow_tensor("w", 77, SHAPE(1));
    refuse_weight(&t, CM_ERR_UNSUPPORTED, "type 77");
}

static void control_flow(void **state)
{
    (void)state;
    static const char *const names[] = {"Loop",
                                        "Scan",
                                        "SequenceConstruct",
                                        "SequenceAt",
                                        "SequenceMap",
                                        "SplitToSequence",
                                        "Optional",
                                        "OptionalGetElement",
                                        "StringConcat",
                                        "RegexFullMatch",
                                        "StringNormalizer",
                                        "TfIdfVectorizer",
                                        "RandomNormal",
                                        "RandomUniformLike",
                                        "Bernoulli",
                                        "Multinomial",
                                        "ImageDecoder"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ow_buf g = {0};
        input_x(&g);
        ow_node(&g, names[i], "x", "y", NULL);
        output_y(&g);
        char word[64];
        snprintf(word, sizeof word, "operator %s is not allowed", names[i]);
        refuse_graph(&g, CM_ERR_POLICY, word);
    }
    /* a graph hidden in an operator that has none */
    ow_buf body = relu_graph(), a = {0}, list = {0}, g = {0};
    ow_string(&a, 1, "body");
    ow_message(&a, 6, &body);
    ow_int(&a, 20, 5);
    ow_message(&list, 5, &a);
    input_x(&g);
    ow_node(&g, "Relu", "x", "y", &list);
    output_y(&g);
    refuse_graph(&g, CM_ERR_POLICY, "control flow");
}

static void foreign_domains_and_unknown_operators(void **state)
{
    (void)state;
    ow_buf node = {0}, g = {0};
    input_x(&g);
    ow_string(&node, 1, "x");
    ow_string(&node, 2, "y");
    ow_string(&node, 4, "RunCommand");
    ow_string(&node, 7, "com.example.evil");
    ow_message(&g, 1, &node);
    output_y(&g);
    refuse_graph(&g, CM_ERR_POLICY, "com.example.evil");

    input_x(&g);
    ow_node(&g, "NonMaxSuppression", "x,x", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_UNSUPPORTED,
                 "node 0 \"y\" (NonMaxSuppression): operator NonMaxSuppression is not supported");
}

static void parts_of_a_model_that_are_not_allowed(void **state)
{
    (void)state;
    struct {
        int field;
        const char *word;
    } rows[] = {{25, "functions"}, {20, "training"}};
    for (int i = 0; i < 2; i++) {
        ow_buf g = relu_graph(), model = ow_model(&g, 13), part = {0};
        ow_string(&part, 1, "f");
        ow_message(&model, rows[i].field, &part);
        refuse_bytes(&model, NULL, CM_ERR_POLICY, rows[i].word);
    }
    ow_buf g = relu_graph(), sparse = {0};
    ow_message(&g, 15, &sparse);
    refuse_graph(&g, CM_ERR_POLICY, "sparse");

    ow_buf info = {0}, type = {0}, sequence = {0};
    g = (ow_buf){0};
    ow_string(&info, 1, "x");
    ow_message(&type, 4, &sequence);
    ow_message(&info, 2, &type);
    ow_message(&g, 11, &info);
    ow_node(&g, "Relu", "x", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_POLICY, "not a dense tensor");
}

static void operator_sets(void **state)
{
    (void)state;
    for (int opset = 5; opset <= 24; opset += 19) {
        ow_buf g = relu_graph(), model = ow_model(&g, opset);
        refuse_bytes(&model, NULL, CM_ERR_UNSUPPORTED, "supported are 6 to 23");
    }
    ow_buf g = relu_graph(), model = {0};
    ow_message(&model, 7, &g);
    refuse_bytes(&model, NULL, CM_ERR_FORMAT, "opset");
    g = relu_graph();
    model = ow_model(&g, 13);
    g = relu_graph();
    ow_message(&model, 7, &g);
    refuse_bytes(&model, NULL, CM_ERR_FORMAT, "two graphs");
    /* Upsample ended with opset 9 */
    g = (ow_buf){0};
    input_x(&g);
    ow_node(&g, "Upsample", "x,x", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "does not exist in opset 13");
}

static void order_and_names(void **state)
{
    (void)state;
    ow_buf g = {0};
    input_x(&g);
    ow_node(&g, "Add", "x,b", "a", NULL);
    ow_node(&g, "Relu", "a", "b", NULL);
    ow_node(&g, "Identity", "b", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "topological order");

    input_x(&g);
    ow_node(&g, "Relu", "x", "a", NULL);
    ow_node(&g, "Sigmoid", "x", "a", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "assigned twice");

    input_x(&g);
    ow_node(&g, "Relu", "x", "x", NULL); /* writes its own input */
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "assigned twice");

    input_x(&g);
    ow_node(&g, "Add", "x,nowhere", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "\"nowhere\"");

    input_x(&g);
    ow_node(&g, "Relu", "x", "z", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "output of the model is not defined");

    input_x(&g);
    ow_node(&g, "Relu", "x", "y", NULL);
    refuse_graph(&g, CM_ERR_FORMAT, "no output");

    input_x(&g);
    ow_node(&g, "Add", "x", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "wrong number of inputs");

    ow_buf a = {0};
    input_x(&g);
    ow_attr_float(&a, "alpha", 1);
    ow_attr_float(&a, "alpha", 2);
    ow_node(&g, "LeakyRelu", "x", "y", &a);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "alpha is given twice");
}

static void caps(void **state)
{
    (void)state;
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    limits.nodes = 1;
    ow_buf g = {0};
    input_x(&g);
    ow_node(&g, "Relu", "x", "a", NULL);
    ow_node(&g, "Relu", "a", "y", NULL);
    output_y(&g);
    ow_buf model = ow_model(&g, 13);
    refuse_bytes(&model, &limits, CM_ERR_LIMIT, "more nodes");

    limits.file_bytes = 10;
    g = relu_graph();
    model = ow_model(&g, 13);
    refuse_bytes(&model, &limits, CM_ERR_LIMIT, "larger than is allowed");

    char name[300];
    memset(name, 'n', sizeof name);
    name[257] = 0;
    input_x(&g);
    ow_node(&g, "Relu", name, "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_LIMIT, "257 bytes, at most 256");

    input_x(&g);
    ow_node(&g, "Relu", "x\n", "y", NULL);
    output_y(&g);
    refuse_graph(&g, CM_ERR_FORMAT, "control character");

    static int64_t long_list[65537];
    ow_buf a = {0};
    ow_attr_ints(&a, "axes", 65537, long_list);
    input_x(&g);
    ow_node(&g, "ReduceMean", "x", "y", &a);
    output_y(&g);
    refuse_graph(&g, CM_ERR_LIMIT, "longer list");
}

/* Small each, large together: lists of attributes count with the weights, and links have a cap of their own.
 */
static void caps_on_sums(void **state)
{
    (void)state;
    static int64_t list[60000];
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    limits.initializer_bytes = 1000000; /* two lists of 480,000 bytes fit, three do not */
    ow_buf g = {0};
    input_x(&g);
    for (int i = 0; i < 3; i++) {
        ow_buf a = {0};
        char to[16];
        snprintf(to, sizeof to, "%c", "aby"[i]);
        ow_attr_ints(&a, "axes", 60000, list);
        ow_node(&g, "ReduceMean", "x", to, &a);
    }
    output_y(&g);
    ow_buf model = ow_model(&g, 13);
    refuse_bytes(&model, &limits, CM_ERR_LIMIT, "too long together");

    char many[2 * 4096 + 1];
    for (int i = 0; i < 4096; i++)
        memcpy(many + 2 * i, "x,", 3);
    input_x(&g);
    for (int i = 0; i < 250; i++) {
        char to[16];
        snprintf(to, sizeof to, "t%d", i);
        ow_node(&g, "Max", many, to, NULL);
    }
    ow_output(&g, "t0", OW_FLOAT, SHAPE(1, 3, 8, 8));
    refuse_graph(&g, CM_ERR_LIMIT, "more inputs and outputs of nodes than are allowed");
}

static void what_is_no_file(void **state)
{
    (void)state;
    cm_model *m = NULL;
    cm_error err = {0};
    assert_refused(cm_model_open("/nonexistent/model.onnx", NULL, &m, &err), CM_ERR_NOT_FOUND, &err,
                   "/nonexistent/model.onnx");
    err = (cm_error){0};
    assert_refused(cm_model_open("/tmp", NULL, &m, &err), CM_ERR_POLICY, &err, "regular file");
    err = (cm_error){0};
    assert_refused(cm_model_open("/dev/zero", NULL, &m, &err), CM_ERR_POLICY, &err, "regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_graph_is_accepted),
        cmocka_unit_test(every_cut_of_a_file_is_refused),
        cmocka_unit_test(wire_that_is_not_protobuf),
        cmocka_unit_test(dimensions),
        cmocka_unit_test(data_that_does_not_fit_its_dimensions),
        cmocka_unit_test(external_data),
        cmocka_unit_test(files_beside_the_model),
        cmocka_unit_test(data_in_two_places),
        cmocka_unit_test(attributes_that_are_not_allowed),
        cmocka_unit_test(nesting_without_end),
        cmocka_unit_test(types_that_are_not_tensors),
        cmocka_unit_test(element_types),
        cmocka_unit_test(control_flow),
        cmocka_unit_test(foreign_domains_and_unknown_operators),
        cmocka_unit_test(parts_of_a_model_that_are_not_allowed),
        cmocka_unit_test(operator_sets),
        cmocka_unit_test(order_and_names),
        cmocka_unit_test(caps),
        cmocka_unit_test(caps_on_sums),
        cmocka_unit_test(what_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
