// A read-only virtual file driver over bytes in memory.
//
// libhdf5 reaches a file only through it, so nothing that a file says can make the library open another one:
// once the source is sealed, open fails.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    H5FD_t base;
    skiff_hdf5_source *source;
    haddr_t end_of_allocation;
} memory_file;

/// What the access property list carries; the library copies it by its size.
typedef struct {
    skiff_hdf5_source *source;
} memory_access;

static hid_t driver = -1;

static H5FD_t *memory_open(const char *name, unsigned flags, hid_t access, haddr_t maximum) {
    (void)name;
    (void)maximum;
    if (flags & (H5F_ACC_RDWR | H5F_ACC_CREAT | H5F_ACC_TRUNC)) return NULL;
    const memory_access *info = H5Pget_driver_info(access);
    if (info == NULL || info->source == NULL || info->source->sealed) return NULL;
    memory_file *file = calloc(1, sizeof *file);
    if (file == NULL) return NULL;
    file->source = info->source;
    return &file->base;
}

static herr_t memory_close(H5FD_t *file) {
    free(file);
    return 0;
}

static herr_t memory_query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    if (flags != NULL) *flags = 0;
    return 0;
}

static haddr_t memory_end_of_allocation(const H5FD_t *file, H5FD_mem_t kind) {
    (void)kind;
    return ((const memory_file *)file)->end_of_allocation;
}

static herr_t memory_set_end_of_allocation(H5FD_t *file, H5FD_mem_t kind, haddr_t address) {
    (void)kind;
    ((memory_file *)file)->end_of_allocation = address;
    return 0;
}

static haddr_t memory_end_of_file(const H5FD_t *file, H5FD_mem_t kind) {
    (void)kind;
    return ((const memory_file *)file)->source->count;
}

static herr_t memory_read(
    H5FD_t *file, H5FD_mem_t kind, hid_t transfer, haddr_t address, size_t size, void *buffer) {
    (void)kind;
    (void)transfer;
    const skiff_hdf5_source *source = ((memory_file *)file)->source;
    if (address > source->count || size > source->count - address) return -1;
    memcpy(buffer, source->bytes + address, size);
    return 0;
}

static herr_t memory_write(
    H5FD_t *file, H5FD_mem_t kind, hid_t transfer, haddr_t address, size_t size, const void *buffer) {
    (void)file, (void)kind, (void)transfer, (void)address, (void)size, (void)buffer;
    return -1;
}

// Fields are named because their order and number differ between versions.
static const H5FD_class_t memory_class = {
#ifdef H5FD_CLASS_VERSION
    .version = H5FD_CLASS_VERSION,
    .value = 51966,
#endif
    .name = "skiff-memory",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(memory_access),
    .open = memory_open,
    .close = memory_close,
    .query = memory_query,
    .get_eoa = memory_end_of_allocation,
    .set_eoa = memory_set_end_of_allocation,
    .get_eof = memory_end_of_file,
    .read = memory_read,
    .write = memory_write,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

bool skiff_hdf5_register_driver(void) {
    if (driver < 0) driver = H5FDregister(&memory_class);
    return driver >= 0;
}

hid_t skiff_hdf5_access(skiff_hdf5_source *source) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0) return access;
    memory_access info = {.source = source};
    if (H5Pset_driver(access, driver, &info) < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0) {
        H5Pclose(access);
        return -1;
    }
    return access;
}
