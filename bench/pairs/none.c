/* A program without C++. */
#include "bench/pairs/shapes.h"

const struct shape shapes_cxx[] = {{NULL, NULL, NULL, 0, TIMING_PROCESSOR, 0, 0}};
