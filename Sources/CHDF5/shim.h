// libhdf5's constants are function-like macros or globals that are set at start; Swift imports neither.
#ifndef SKIFF_CHDF5_SHIM_H
#define SKIFF_CHDF5_SHIM_H

#include <hdf5.h>

#endif
