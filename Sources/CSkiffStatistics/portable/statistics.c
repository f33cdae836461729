#define SKIFF_SET portable
#include "../template/kernels.h"
