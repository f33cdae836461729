// The system's libhdf5. Swift never sees it: CHDF5Shims wraps what Skiff uses in symbols that no version renames.
#ifndef SKIFF_CHDF5_SHIM_H
#define SKIFF_CHDF5_SHIM_H

#define H5_USE_110_API
#include <hdf5.h>

#endif
