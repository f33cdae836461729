#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool skiff_hdf5_prepare(void) {
    static bool prepared = false;
    if (!prepared) {
        static const char *const variables[] = {
            "HDF5_PLUGIN_PATH", "HDF5_PLUGIN_PRELOAD", "HDF5_EXT_PREFIX", "HDF5_VDS_PREFIX",
            "HDF5_EXTFILE_PREFIX", "HDF5_DRIVER", "HDF5_DRIVER_CONFIG", "HDF5_VOL_CONNECTOR"};
        for (size_t index = 0; index < sizeof variables / sizeof variables[0]; index++) {
            if (getenv(variables[index]) != NULL) unsetenv(variables[index]);
        }
        H5dont_atexit();
        if (H5open() < 0) return false;
        if (H5PLset_loading_state(0) < 0) return false;
        if (!skiff_hdf5_register_driver()) return false;
        prepared = true;
    }
    // The stack of errors belongs to a thread in some builds.
    return H5Eset_auto2(H5E_DEFAULT, NULL, NULL) >= 0;
}

void skiff_hdf5_version(unsigned *major, unsigned *minor, unsigned *release) {
    *major = *minor = *release = 0;
    H5get_libversion(major, minor, release);
}

typedef struct {
    char *buffer;
    size_t capacity;
} complaint;

static herr_t note_complaint(unsigned depth, const H5E_error2_t *error, void *context) {
    (void)depth;
    complaint *complaint = context;
    if (error->desc != NULL) snprintf(complaint->buffer, complaint->capacity, "%s", error->desc);
    // The innermost comes first on the way up.
    return 1;
}

void skiff_hdf5_take_error(char *buffer, size_t capacity) {
    if (capacity == 0) return;
    buffer[0] = 0;
    complaint context = {buffer, capacity};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_complaint, &context);
    H5Eclear2(H5E_DEFAULT);
}

skiff_hdf5_id skiff_hdf5_open_file(skiff_hdf5_source *source) {
    source->sealed = false;
    hid_t access = skiff_hdf5_access(source);
    if (access < 0) return -1;
    hid_t file = H5Fopen("skiff", H5F_ACC_RDONLY, access);
    source->sealed = true;
    // Closing the list must not clear what the failed open left to say.
    hid_t stack = H5Eget_current_stack();
    H5Pclose(access);
    if (stack >= 0) H5Eset_current_stack(stack);
    return file;
}

void skiff_hdf5_close_file(skiff_hdf5_id file) { H5Fclose((hid_t)file); }

typedef struct {
    skiff_hdf5_visitor visitor;
    void *context;
} visit;

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    (void)group;
    visit *visit = context;
    int kind = SKIFF_HDF5_LINK_OTHER;
    if (info->type == H5L_TYPE_HARD) kind = SKIFF_HDF5_LINK_HARD;
    else if (info->type == H5L_TYPE_SOFT) kind = SKIFF_HDF5_LINK_SOFT;
    else if (info->type == H5L_TYPE_EXTERNAL) kind = SKIFF_HDF5_LINK_EXTERNAL;
    return visit->visitor(name, kind, visit->context);
}

int skiff_hdf5_each_link(skiff_hdf5_id group, skiff_hdf5_visitor visitor, void *context) {
    visit visit = {visitor, context};
    hsize_t position = 0;
    return (int)H5Literate((hid_t)group, H5_INDEX_NAME, H5_ITER_NATIVE, &position, visit_link, &visit);
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
    (void)object;
    (void)info;
    visit *visit = context;
    return visit->visitor(name, 0, visit->context);
}

int skiff_hdf5_each_attribute(skiff_hdf5_id object, skiff_hdf5_visitor visitor, void *context) {
    visit visit = {visitor, context};
    hsize_t position = 0;
    return (int)H5Aiterate2((hid_t)object, H5_INDEX_NAME, H5_ITER_NATIVE, &position, visit_attribute, &visit);
}

skiff_hdf5_id skiff_hdf5_open_object(skiff_hdf5_id group, const char *name) {
    return H5Oopen((hid_t)group, name, H5P_DEFAULT);
}

bool skiff_hdf5_describe_object(skiff_hdf5_id object, skiff_hdf5_object *description) {
    H5O_info_t info;
    memset(&info, 0, sizeof info);
    if (H5Oget_info2((hid_t)object, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS) < 0) return false;
    description->kind = SKIFF_HDF5_OBJECT_OTHER;
    if (info.type == H5O_TYPE_GROUP) description->kind = SKIFF_HDF5_OBJECT_GROUP;
    if (info.type == H5O_TYPE_DATASET) description->kind = SKIFF_HDF5_OBJECT_DATASET;
    description->address = (uint64_t)info.addr;
    description->attribute_count = (uint64_t)info.num_attrs;
    return true;
}

void skiff_hdf5_close_object(skiff_hdf5_id object) { H5Oclose((hid_t)object); }
