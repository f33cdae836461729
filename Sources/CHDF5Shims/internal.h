#ifndef SKIFF_CHDF5_SHIMS_INTERNAL_H
#define SKIFF_CHDF5_SHIMS_INTERNAL_H

// Newer libraries keep the functions of 1.10 under their old names when asked.
#define H5_USE_110_API
#include <hdf5.h>
#if defined(__has_include)
#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif
#endif

#include "CHDF5Shims.h"

/// A file access property list for `source`; negative on failure.
hid_t skiff_hdf5_access(skiff_hdf5_source *source);
/// Registers the driver. Idempotent.
bool skiff_hdf5_register_driver(void);

#endif
