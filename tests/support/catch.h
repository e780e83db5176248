// The one place that names the test library, so that a newer Catch2 is one edit away.
#pragma once

#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>
