/* Writes docs/operators.md or docs/limits.md from the tables in the code: print_operators limits, or
 * print_operators operators FOLDER with tests/conformance. A test compares the committed files with what this
 * prints; the build target `operators_doc` writes them. */
#include <stdio.h>
#include <string.h>

/* -- what tests/conformance/run.sh counted -- */

typedef void (*on_line)(void *context, char *line);

/* Lines of FOLDER/NAME that are not comments, without their end. */
static int each_line(const char *folder, const char *name, on_line on, void *context)
{
    char path[4096], line[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    if (!f) {
        fprintf(stderr, "%s cannot be read\n", path);
        return 1;
    }
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') on(context, line);
    }
    fclose(f);
    return 0;
}

typedef struct tally {
    const char *name;
    int passed, hit;
} tally;

static void add_tally(void *context, char *line)
{
    tally *t = context;
    char set[64], name[64];
    int passed, hit;
    if (sscanf(line, "operator %63s %63s %d %d", set, name, &passed, &hit) != 4 || strcmp(name, t->name))
        return;
    t->passed += passed;
    t->hit += hit;
}

static void print_set(void *context, char *line)
{
    char set[64];
    int tests, hit, passed;
    (void)context;
    if (sscanf(line, "set %63s %d %d %d", set, &tests, &hit, &passed) == 4)
        printf("| %s | %d | %d | %d | %.1f %% |\n", set, tests, hit, passed, 100.0 * passed / hit);
}

static void print_exception(void *context, char *line)
{
    char set[64], name[128];
    int at = 0;
    (void)context;
    if (sscanf(line, "%63s %127s %n", set, name, &at) == 2)
        printf("| `%s` | %s | %s |\n", name, strcmp(set, "*") ? set : "all", line + at);
}

#include "engine/model/limits.h"
#include "engine/model/operator.h"
#include "engine/model/plan.h"

static void print_range(int lo, int hi)
{
    if (hi < 0)
        printf("%d or more", lo);
    else if (lo == hi)
        printf("%d", lo);
    else
        printf("%d to %d", lo, hi);
}

/* Element types of the inputs that carry data. */
static const char *types_of(const cm_operator *op)
{
    static const struct {
        const cm_family *family;
        const char *types;
    } rows[] = {
        {&cm_family_constant, "all"},    {&cm_family_constant_of_shape, "all"},
        {&cm_family_identity, "all"},    {&cm_family_reshape, "all"},
        {&cm_family_flatten, "all"},     {&cm_family_squeeze, "all"},
        {&cm_family_unsqueeze, "all"},   {&cm_family_shape, "all"},
        {&cm_family_concat, "all"},      {&cm_family_split, "all"},
        {&cm_family_slice, "all"},       {&cm_family_transpose, "all"},
        {&cm_family_gather, "all"},      {&cm_family_gather_elements, "all"},
        {&cm_family_gather_nd, "all"},   {&cm_family_scatter_elements, "all"},
        {&cm_family_scatter_nd, "all"},  {&cm_family_expand, "all"},
        {&cm_family_tile, "all"},        {&cm_family_pad, "all"},
        {&cm_family_depth_space, "all"}, {&cm_family_where, "all"},
        {&cm_family_cast, "all"},        {&cm_family_trilu, "all"},
        {&cm_family_eye, "all"},         {&cm_family_nonzero, "all"},
        {&cm_family_one_hot, "all"},     {&cm_family_variadic, "numbers"},
        {&cm_family_clip, "numbers"},    {&cm_family_reduce, "numbers"},
        {&cm_family_arg, "numbers"},     {&cm_family_topk, "numbers"},
        {&cm_family_cumsum, "numbers"},  {&cm_family_range, "numbers"},
    };
    if (op->family == &cm_family_resize) return "float; nearest: all";
    if (op->family == &cm_family_pooling && op->code == CM_POOL_MAX) return "numbers";
    if (op->family == &cm_family_unary)
        return op->code == CM_UNARY_NOT       ? "bool"
               : op->code == CM_UNARY_BIT_NOT ? "whole"
               : op->code == CM_UNARY_ABS || op->code == CM_UNARY_NEG || op->code == CM_UNARY_SIGN ||
                       op->code == CM_UNARY_RELU
                   ? "numbers"
                   : "float";
    if (op->family == &cm_family_binary)
        return op->code == CM_BINARY_AND || op->code == CM_BINARY_OR || op->code == CM_BINARY_XOR ? "bool"
               : op->code >= CM_BINARY_BIT_AND                                                    ? "whole"
               : op->code == CM_BINARY_PRELU                                                      ? "float"
               : op->code == CM_BINARY_EQUAL                                                      ? "all"
                                                                                                  : "numbers";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].family == op->family) return rows[i].types;
    return "float";
}

static int print_operators(const char *folder)
{
    int rows = 0, st = 0;
    while (cm_operator_at(rows))
        rows++;
    printf(
        "# Operators\n\n"
        "<!-- Generated from engine/model/operators.c by the build target operators_doc. -->\n\n"
        "What a submitted ONNX graph may use: %d operators of the standard domain (`ai.onnx`), opsets %d to %d.\n"
        "`cohmark tool check` tells which of them a model uses and refuses the rest before anything is run.\n"
        "To add one: [add-an-operator.md](add-an-operator.md).\n\n"
        "Types: float is float32, and float16, bfloat16 and double computed as float32; whole is the whole numbers of 8 to 64\n"
        "bits; numbers are both; all are those and bool. Tests: how many of ONNX's own tests with this operator pass, of all\n"
        "that meet this list ([below](#onnxs-own-tests)).\n\n"
        "| operator | opsets | inputs | outputs | types | tests | remarks |\n|---|---|---|---|---|---|---|\n",
        rows, CM_OPSET_MIN, CM_OPSET_MAX);
    for (int i = 0; i < rows; i++) {
        const cm_operator *op = cm_operator_at(i);
        const int first = op->first_opset < CM_OPSET_MIN ? CM_OPSET_MIN : op->first_opset;
        printf("| %s | ", op->name);
        print_range(first, op->last_opset ? op->last_opset : CM_OPSET_MAX);
        printf(" | ");
        print_range(op->min_x, op->max_x);
        printf(" | ");
        print_range(op->min_y, op->max_y);
        tally t = {.name = op->name};
        st = each_line(folder, "coverage.txt", add_tally, &t);
        if (st) return st;
        printf(" | %s | ", types_of(op));
        if (t.hit)
            printf("%d of %d", t.passed, t.hit);
        else
            printf("none there");
        printf(" | %s |\n", op->note);
    }
    printf(
        "\n## What holds for all of them\n\n"
        "- **Numbers.** Everything of a float type (float, float16, bfloat16, double) is computed in float32; weights of\n"
        "  the other types are widened (double: rounded) when the file is read, and a cast between float types does\n"
        "  nothing: a model exported in half precision runs in float32. Whole numbers of 8 to 64 bits, with and without\n"
        "  sign, and bool are themselves; sums and products of whole numbers wrap around. Other types are refused.\n"
        "- **One input, one output.** A graph may have more outputs; tool.xml names the one that is used, and nodes it does\n"
        "  not need are dropped. Graph inputs that are initialisers too (before IR version 4) are constants.\n"
        "- **Shapes** are fixed before a run, for the window that is used. Sizes may be computed from shapes in the graph\n"
        "  (Shape, Gather, Concat and so on); sizes computed from the image are refused.\n"
        "- **Attributes** a row does not know are refused by name, never ignored.\n"
        "- **Before opset 13** and the like: each operator follows the definition of the opset the model declares (axes as\n"
        "  attribute or input, Softmax over flattened dimensions, the coordinates of Resize 10, Upsample 9).\n"
        "- **Same bits** for any number of threads and any instruction set. An activation that follows a convolution or an\n"
        "  instance normalisation is computed with it, which changes no bit.\n\n"
        "## Refused by policy, not for lack\n\n"
        "Exit code 6: control flow (Loop, Scan, an If that depends on the image is refused as not supported), sequences, optional values, strings, random numbers, operators of any\n"
        "other domain, functions inside a model, training information, sparse tensors, and data in other files.\n\n"
        "## ONNX's own tests\n\n"
        "`tests/conformance` runs the tests that ONNX itself comes with (of single operators, converted from PyTorch, and of real\n"
        "architectures without their weights): those of version 1.12, which Debian packages as libonnx-testdata, and those of 1.22,\n"
        "the last release that carries them. A test meets the list when all its operators are in the table above, its opset is one\n"
        "that is read, and its inputs and outputs are tensors of types that are read; tests that draw random numbers do not. Each is\n"
        "run with every one of its inputs in turn given at run time and the others known while planning, and with all of them known;\n"
        "on the fastest kernels of the machine with two threads, and on the scalar ones, whose bits must be the same. The measure is\n"
        "ONNX's: a relative difference of 1e-3, an absolute one of 1e-7.\n\n"
        "| tests of ONNX | in all | meet the list | pass | |\n|---|---|---|---|---|\n");
    st = each_line(folder, "coverage.txt", print_set, NULL);
    printf("\nThose that do not pass:\n\n| test | in | why |\n|---|---|---|\n");
    return st ? st : each_line(folder, "exceptions.txt", print_exception, NULL);
}

static cm_str amount(const cm_limit *l, double value)
{
    const double gib = 1024.0 * 1024.0 * 1024.0;
    return l->kind == CM_LIMIT_BYTES ? cm_strf("%g GiB", value / gib) : cm_strf("%.16g", value);
}

static void print_limits(void)
{
    cm_model_limits l;
    cm_model_limits_default(&l);
    printf(
        "# Limits\n\n"
        "<!-- Generated from the code by the build target operators_doc. -->\n\n"
        "What a submitted model may ask for. Each is checked by arithmetic before memory is taken and before anything is\n"
        "run; passing one is exit code 5 (`limit`). Those with a name in the second column can be set in the `<limits>` of\n"
        "[bench.xml](bench.md), lower or higher, up to the last column; `cohmark tool check --bench FILE` checks a tool\n"
        "under them.\n\n"
        "| what | in bench.xml | at most | a bench may ask for |\n|---|---|---|---|\n"
        "| seconds of one tool on one case, while it runs | `seconds-per-case` | no limit | 1000000 |\n");
    for (int i = 0; cm_limit_at(i); i++) {
        const cm_limit *row = cm_limit_at(i);
        printf("| %s | `%s` | %s | %s |\n", row->what, row->attribute, amount(row, cm_limit_get(&l, row)).s,
               amount(row, row->most).s);
    }
    printf("| initialisers | | %d | |\n", CM_CAP_INITIALIZERS);
    printf("| inputs, and outputs, of one node | | %d | |\n", CM_CAP_LINKS);
    printf("| inputs and outputs of all nodes together | | %d | |\n", CM_CAP_ALL_LINKS);
    printf("| attributes of one node | | %d | |\n", CM_CAP_ATTRIBUTES);
    printf("| numbers in one attribute | | %d | |\n", CM_CAP_ATTRIBUTE_ITEMS);
    printf("| inputs of a graph that are not initialisers, and outputs | | %d | |\n", CM_CAP_GRAPH_IO);
    printf("| a name | | %d bytes (of a graph input or output: %d) | |\n", CM_CAP_NAME,
           (int)sizeof((cm_model_io *)0)->name - 1);
    printf("| dimensions of a tensor | | %d | |\n", CM_MAX_RANK);
    printf("| one dimension | | %lld | |\n", (long long)l.dimension);
    printf(
        "| numbers computed while planning (folded constants, lists of indices) | | %d, and a number for each 8 bytes of "
        "planned memory | |\n",
        CM_PLAN_BUDGET);
    printf("| branches of If inside branches | | %d | |\n", CM_CAP_BRANCH_DEPTH);
    printf(
        "\nPlanning takes memory and time in proportion to the file and its nodes: the longest legal graph (20,000 nodes)\n"
        "is planned in about 0.05 s.\n");
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "operators")) return print_operators(argv[2]);
    if (argc >= 2 && !strcmp(argv[1], "limits"))
        print_limits();
    else
        return 2;
    return 0;
}
