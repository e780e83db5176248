// Catch's own main takes long to compile, so it is alone here.
#define CATCH_CONFIG_MAIN
#include "tests/support/catch.h"
