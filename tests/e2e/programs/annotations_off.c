/* With GORDIAN_NO_ANNOTATIONS nothing is left of a word of include/gordian.h, its arguments included. */
#define GORDIAN_NO_ANNOTATIONS
#include "include/gordian.h"

int main(void) {
    int evaluated = 0;
    GORDIAN_NAME_LOCK(&evaluated + ++evaluated, "counted");
    GORDIAN_ASSERT_HELD(&evaluated + ++evaluated);
    GORDIAN_ASSERT_NONE_HELD();
    GORDIAN_EPOCH_RESET();
    return evaluated;
}
