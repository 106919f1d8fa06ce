/* Writes docs/operators.md or docs/limits.md from the tables in the code: print_operators operators|limits.
 * A test compares the committed files with what this prints; the build target `operators_doc` writes them. */
#include <stdio.h>
#include <string.h>

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

static void print_operators(void)
{
    int rows = 0;
    while (cm_operator_at(rows))
        rows++;
    printf(
        "# Operators\n\n"
        "<!-- Generated from engine/model/operators.c by the build target operators_doc. -->\n\n"
        "What a submitted ONNX graph may use: %d operators of the standard domain (`ai.onnx`), opsets %d to %d.\n"
        "`cohmark tool check` tells which of them a model uses and refuses the rest before anything is run.\n"
        "To add one: [add-an-operator.md](add-an-operator.md).\n\n"
        "| operator | opsets | inputs | outputs | remarks |\n|---|---|---|---|---|\n",
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
        "Exit code 6: control flow (If, Loop, Scan), sequences, optional values, strings, random numbers, operators of any\n"
        "other domain, functions inside a model, training information, sparse tensors, and data in other files.\n");
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
    printf(
        "| depth of messages in the file | | fixed: graphs inside nodes are refused where they appear | |\n");
    printf(
        "\nPlanning takes memory and time in proportion to the file and its nodes: the longest legal graph (20,000 nodes)\n"
        "is planned in about a second.\n");
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "operators"))
        print_operators();
    else if (argc == 2 && !strcmp(argv[1], "limits"))
        print_limits();
    else
        return 2;
    return 0;
}
