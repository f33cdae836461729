#define SKIFF_SET portable
#include "../template/lanes.h"
#include "../template/digest.h"

const skiff_codec_kernels skiff_codec__portable = {"portable", scalar__portable, join__portable, cut__portable, digest__portable};
