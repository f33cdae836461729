#include "internal.h"

#include <stdlib.h>
#include <string.h>

static bool has_fields(
    hid_t type, size_t sign, size_t exponent, size_t exponent_bits, size_t mantissa_bits, size_t bias) {
    size_t s, e, eb, m, mb;
    if (H5Tget_fields(type, &s, &e, &eb, &m, &mb) < 0) return false;
    return s == sign && e == exponent && eb == exponent_bits && m == 0 && mb == mantissa_bits
        && H5Tget_ebias(type) == bias && H5Tget_norm(type) == H5T_NORM_IMPLIED
        && H5Tget_precision(type) == sign + 1 && H5Tget_offset(type) == 0;
}

static int float_kind(hid_t type, size_t size) {
    if (size == 2 && has_fields(type, 15, 10, 5, 10, 15)) return SKIFF_HDF5_TYPE_FLOAT16;
    if (size == 2 && has_fields(type, 15, 7, 8, 7, 127)) return SKIFF_HDF5_TYPE_BFLOAT16;
    if (size == 4 && has_fields(type, 31, 23, 8, 23, 127)) return SKIFF_HDF5_TYPE_FLOAT32;
    if (size == 8 && has_fields(type, 63, 52, 11, 52, 1023)) return SKIFF_HDF5_TYPE_FLOAT64;
    return SKIFF_HDF5_TYPE_OTHER;
}

static int integer_kind(hid_t type, size_t size) {
    if (size != 1 && size != 2 && size != 4 && size != 8) return SKIFF_HDF5_TYPE_OTHER;
    if (H5Tget_precision(type) != size * 8 || H5Tget_offset(type) != 0) return SKIFF_HDF5_TYPE_OTHER;
    return H5Tget_sign(type) == H5T_SGN_NONE ? SKIFF_HDF5_TYPE_UNSIGNED : SKIFF_HDF5_TYPE_SIGNED;
}

static bool has_bytes_as_characters(hid_t type) {
    hid_t character = H5Tget_super(type);
    if (character < 0) return false;
    size_t size = H5Tget_size(character);
    H5Tclose(character);
    return size == 1;
}

static bool describe_type(hid_t type, skiff_hdf5_type *description) {
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_NO_CLASS) return false;
    description->kind = SKIFF_HDF5_TYPE_OTHER;
    description->size = H5Tget_size(type);
    description->is_big_endian = false;
    H5T_order_t order = H5T_ORDER_LE;
    if (class == H5T_FLOAT || class == H5T_INTEGER) {
        order = H5Tget_order(type);
        description->is_big_endian = order == H5T_ORDER_BE;
        if (order != H5T_ORDER_LE && order != H5T_ORDER_BE) return true;
    }
    switch (class) {
    case H5T_FLOAT: description->kind = float_kind(type, description->size); break;
    case H5T_INTEGER: description->kind = integer_kind(type, description->size); break;
    case H5T_OPAQUE: description->kind = SKIFF_HDF5_TYPE_OPAQUE; break;
    case H5T_ENUM: description->kind = SKIFF_HDF5_TYPE_ENUMERATION; break;
    case H5T_STRING: {
        htri_t variable = H5Tis_variable_str(type);
        if (variable < 0) return false;
        description->kind = variable ? SKIFF_HDF5_TYPE_VARIABLE_STRING : SKIFF_HDF5_TYPE_FIXED_STRING;
        // The library takes as much memory for a string as it has characters times their size.
        if (variable && !has_bytes_as_characters(type)) description->kind = SKIFF_HDF5_TYPE_OTHER;
        break;
    }
    default: break;
    }
    return true;
}

static bool describe_space(hid_t space, skiff_hdf5_space *description) {
    H5S_class_t class = H5Sget_simple_extent_type(space);
    if (class == H5S_NO_CLASS) return false;
    if (class == H5S_NULL) {
        description->rank = -1;
        return true;
    }
    hsize_t extents[SKIFF_HDF5_MAXIMUM_RANK];
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > SKIFF_HDF5_MAXIMUM_RANK) return false;
    if (rank > 0 && H5Sget_simple_extent_dims(space, extents, NULL) < 0) return false;
    description->rank = rank;
    for (int axis = 0; axis < rank; axis++) description->extents[axis] = extents[axis];
    return true;
}

/// Sets layout, external files, filters and chunk extents; a virtual or external dataset needs no more.
static bool describe_creation(hid_t properties, skiff_hdf5_dataset *description) {
    switch (H5Pget_layout(properties)) {
    case H5D_COMPACT: description->layout = SKIFF_HDF5_LAYOUT_COMPACT; break;
    case H5D_CONTIGUOUS: description->layout = SKIFF_HDF5_LAYOUT_CONTIGUOUS; break;
    case H5D_CHUNKED: description->layout = SKIFF_HDF5_LAYOUT_CHUNKED; break;
    case H5D_VIRTUAL: description->layout = SKIFF_HDF5_LAYOUT_VIRTUAL; break;
    default: description->layout = SKIFF_HDF5_LAYOUT_OTHER;
    }
    description->external_file_count = H5Pget_external_count(properties);
    if (description->external_file_count < 0) return false;
    description->filter_count = H5Pget_nfilters(properties);
    if (description->filter_count < 0) return false;
    for (int index = 0; index < description->filter_count && index < SKIFF_HDF5_MAXIMUM_FILTERS; index++) {
        unsigned flags = 0, configuration = 0;
        size_t count = 0;
        description->filters[index] =
            (int)H5Pget_filter2(properties, (unsigned)index, &flags, &count, NULL, 0, NULL, &configuration);
        if (description->filters[index] < 0) return false;
    }
    if (description->layout == SKIFF_HDF5_LAYOUT_CHUNKED) {
        hsize_t extents[SKIFF_HDF5_MAXIMUM_RANK];
        int rank = H5Pget_chunk(properties, SKIFF_HDF5_MAXIMUM_RANK, extents);
        if (rank < 0 || rank > SKIFF_HDF5_MAXIMUM_RANK) return false;
        for (int axis = 0; axis < rank; axis++) description->chunk_extents[axis] = extents[axis];
    }
    return true;
}

static bool describe_contents(hid_t dataset, skiff_hdf5_dataset *description) {
    hid_t type = H5Dget_type(dataset);
    if (type < 0) return false;
    bool done = describe_type(type, &description->type);
    H5Tclose(type);
    if (!done) return false;
    hid_t space = H5Dget_space(dataset);
    if (space < 0) return false;
    done = describe_space(space, &description->space);
    hsize_t chunks = 0;
    if (done && description->layout == SKIFF_HDF5_LAYOUT_CHUNKED) {
        done = H5Dget_num_chunks(dataset, space, &chunks) >= 0;
        description->chunk_count = (uint64_t)chunks;
    }
    H5Sclose(space);
    if (!done) return false;
    description->stored_bytes = (uint64_t)H5Dget_storage_size(dataset);
    description->offset = UINT64_MAX;
    if (description->layout == SKIFF_HDF5_LAYOUT_CONTIGUOUS) {
        haddr_t offset = H5Dget_offset(dataset);
        if (offset != HADDR_UNDEF) description->offset = (uint64_t)offset;
    }
    return true;
}

bool skiff_hdf5_describe_dataset(skiff_hdf5_id dataset, skiff_hdf5_dataset *description) {
    memset(description, 0, sizeof *description);
    hid_t properties = H5Dget_create_plist((hid_t)dataset);
    if (properties < 0) return false;
    bool done = describe_creation(properties, description);
    H5Pclose(properties);
    if (!done) return false;
    if (description->layout >= SKIFF_HDF5_LAYOUT_VIRTUAL || description->external_file_count > 0) return true;
    return describe_contents((hid_t)dataset, description);
}

bool skiff_hdf5_describe_chunk(skiff_hdf5_id dataset, uint64_t index, skiff_hdf5_chunk *description) {
    hsize_t origin[SKIFF_HDF5_MAXIMUM_RANK] = {0}, size = 0;
    haddr_t address = HADDR_UNDEF;
    unsigned skipped = 0;
    // 1.10 takes no H5S_ALL here.
    hid_t space = H5Dget_space((hid_t)dataset);
    if (space < 0) return false;
    herr_t status = H5Dget_chunk_info((hid_t)dataset, space, index, origin, &skipped, &address, &size);
    H5Sclose(space);
    if (status < 0 || address == HADDR_UNDEF) return false;
    for (int axis = 0; axis < SKIFF_HDF5_MAXIMUM_RANK; axis++) description->origin[axis] = origin[axis];
    description->skipped_filters = skipped;
    description->offset = (uint64_t)address;
    description->stored_bytes = (uint64_t)size;
    return true;
}

bool skiff_hdf5_read_compact(skiff_hdf5_id dataset, void *buffer) {
    hid_t type = H5Dget_type((hid_t)dataset);
    if (type < 0) return false;
    // With the file's own type nothing is converted.
    herr_t status = H5Dread((hid_t)dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
    H5Tclose(type);
    return status >= 0;
}

skiff_hdf5_id skiff_hdf5_open_attribute(skiff_hdf5_id object, const char *name) {
    return H5Aopen((hid_t)object, name, H5P_DEFAULT);
}

bool skiff_hdf5_describe_attribute(skiff_hdf5_id attribute, skiff_hdf5_attribute *description) {
    memset(description, 0, sizeof *description);
    hid_t type = H5Aget_type((hid_t)attribute);
    if (type < 0) return false;
    bool done = describe_type(type, &description->type);
    H5Tclose(type);
    if (!done) return false;
    hid_t space = H5Aget_space((hid_t)attribute);
    if (space < 0) return false;
    done = describe_space(space, &description->space);
    H5Sclose(space);
    description->stored_bytes = (uint64_t)H5Aget_storage_size((hid_t)attribute);
    return done;
}

bool skiff_hdf5_read_attribute(skiff_hdf5_id attribute, void *buffer) {
    hid_t type = H5Aget_type((hid_t)attribute);
    if (type < 0) return false;
    herr_t status = H5Aread((hid_t)attribute, type, buffer);
    H5Tclose(type);
    return status >= 0;
}

bool skiff_hdf5_read_variable_strings(
    skiff_hdf5_id attribute, size_t count, skiff_hdf5_visitor visitor, void *context) {
    hid_t type = H5Aget_type((hid_t)attribute);
    if (type < 0) return false;
    hid_t space = H5Aget_space((hid_t)attribute);
    char **strings = calloc(count == 0 ? 1 : count, sizeof *strings);
    bool done = space >= 0 && strings != NULL && H5Aread((hid_t)attribute, type, strings) >= 0;
    if (done) {
        for (size_t index = 0; index < count; index++) {
            if (visitor(strings[index] == NULL ? "" : strings[index], 0, context) != 0) break;
        }
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
    }
    free(strings);
    if (space >= 0) H5Sclose(space);
    H5Tclose(type);
    return done;
}

void skiff_hdf5_close_attribute(skiff_hdf5_id attribute) { H5Aclose((hid_t)attribute); }
