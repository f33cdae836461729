// What Skiff asks of libhdf5, in types that are the same for every version of it (1.10.5 and newer).
//
// A file is bytes in memory, read through a file driver of ours that opens nothing else. No function here is safe
// to call from two threads at a time: callers hold one lock. Functions return a negative number, or false, on
// failure; skiff_hdf5_take_error then says why.
#ifndef SKIFF_CHDF5_SHIMS_H
#define SKIFF_CHDF5_SHIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKIFF_HDF5_MAXIMUM_RANK 32
#define SKIFF_HDF5_MAXIMUM_FILTERS 8

/// A file, group, dataset or attribute that is open. Close each.
typedef int64_t skiff_hdf5_id;

/// Prepares the library: no plugins, no messages on stderr, our file driver registered. Idempotent.
bool skiff_hdf5_prepare(void);

/// The library's version, as `1.10.8`.
void skiff_hdf5_version(unsigned *major, unsigned *minor, unsigned *release);

/// Writes the innermost complaint of the last failure as a C string and forgets it.
void skiff_hdf5_take_error(char *buffer, size_t capacity);

/// The bytes of one file while it is open. `sealed` is set once the file is open: from then on the driver opens
/// nothing, whatever links or virtual datasets in the file name.
typedef struct {
    const uint8_t *bytes;
    size_t count;
    bool sealed;
} skiff_hdf5_source;

/// Opens the HDF5 file whose first byte is `source->bytes[0]`, read-only. `source` outlives the file.
skiff_hdf5_id skiff_hdf5_open_file(skiff_hdf5_source *source);
/// Closes a file and everything open in it.
void skiff_hdf5_close_file(skiff_hdf5_id file);

enum { SKIFF_HDF5_LINK_HARD, SKIFF_HDF5_LINK_SOFT, SKIFF_HDF5_LINK_EXTERNAL, SKIFF_HDF5_LINK_OTHER };

/// Called with each link's or attribute's name; 0 goes on, any other number stops. `kind` is 0 for attributes.
typedef int (*skiff_hdf5_visitor)(const char *name, int kind, void *context);

/// Visits the links of a group (or of a file's root group), in the order of names where the file can.
int skiff_hdf5_each_link(skiff_hdf5_id group, skiff_hdf5_visitor visitor, void *context);
/// Visits the attributes of an object.
int skiff_hdf5_each_attribute(skiff_hdf5_id object, skiff_hdf5_visitor visitor, void *context);

enum { SKIFF_HDF5_OBJECT_GROUP, SKIFF_HDF5_OBJECT_DATASET, SKIFF_HDF5_OBJECT_OTHER };

typedef struct {
    int kind;
    /// Address of the object's header; one object, one address.
    uint64_t address;
    uint64_t attribute_count;
} skiff_hdf5_object;

/// Opens the member `name` of a group. The caller has seen that the link is a hard one.
skiff_hdf5_id skiff_hdf5_open_object(skiff_hdf5_id group, const char *name);
bool skiff_hdf5_describe_object(skiff_hdf5_id object, skiff_hdf5_object *description);
void skiff_hdf5_close_object(skiff_hdf5_id object);

enum {
    SKIFF_HDF5_TYPE_OTHER,
    SKIFF_HDF5_TYPE_FLOAT16,
    SKIFF_HDF5_TYPE_BFLOAT16,
    SKIFF_HDF5_TYPE_FLOAT32,
    SKIFF_HDF5_TYPE_FLOAT64,
    SKIFF_HDF5_TYPE_SIGNED,
    SKIFF_HDF5_TYPE_UNSIGNED,
    SKIFF_HDF5_TYPE_FIXED_STRING,
    SKIFF_HDF5_TYPE_VARIABLE_STRING,
    SKIFF_HDF5_TYPE_OPAQUE,
    SKIFF_HDF5_TYPE_ENUMERATION
};

/// The type of an element as the file stores it.
typedef struct {
    int kind;
    /// Bytes of one element.
    size_t size;
    bool is_big_endian;
} skiff_hdf5_type;

/// Extents; rank −1 for a null dataspace, which holds nothing.
typedef struct {
    int rank;
    uint64_t extents[SKIFF_HDF5_MAXIMUM_RANK];
} skiff_hdf5_space;

enum {
    SKIFF_HDF5_LAYOUT_COMPACT,
    SKIFF_HDF5_LAYOUT_CONTIGUOUS,
    SKIFF_HDF5_LAYOUT_CHUNKED,
    SKIFF_HDF5_LAYOUT_VIRTUAL,
    SKIFF_HDF5_LAYOUT_OTHER
};

typedef struct {
    int layout;
    int external_file_count;
    int filter_count;
    int filters[SKIFF_HDF5_MAXIMUM_FILTERS];
    /// Set only where `layout` and the rest above allow the dataset to be read: see skiff_hdf5_describe_dataset.
    skiff_hdf5_type type;
    skiff_hdf5_space space;
    /// Contiguous: offset of the first byte from the start of the file; UINT64_MAX where nothing was written.
    uint64_t offset;
    /// Bytes that the file allots to the dataset.
    uint64_t stored_bytes;
    /// Chunked: extents of one chunk, and how many chunks were written.
    uint64_t chunk_extents[SKIFF_HDF5_MAXIMUM_RANK];
    uint64_t chunk_count;
} skiff_hdf5_dataset;

/// Describes a dataset. For a virtual, external or unknown layout only the first four fields are set, and neither
/// type nor dataspace is looked at.
bool skiff_hdf5_describe_dataset(skiff_hdf5_id dataset, skiff_hdf5_dataset *description);

typedef struct {
    /// Position of the chunk's first element.
    uint64_t origin[SKIFF_HDF5_MAXIMUM_RANK];
    /// Bit i set: filter i was left out for this chunk.
    unsigned skipped_filters;
    uint64_t offset;
    uint64_t stored_bytes;
} skiff_hdf5_chunk;

bool skiff_hdf5_describe_chunk(skiff_hdf5_id dataset, uint64_t index, skiff_hdf5_chunk *description);

/// Copies a compact dataset's elements as the file stores them. `buffer` holds all of them.
bool skiff_hdf5_read_compact(skiff_hdf5_id dataset, void *buffer);

typedef struct {
    skiff_hdf5_type type;
    skiff_hdf5_space space;
    uint64_t stored_bytes;
} skiff_hdf5_attribute;

skiff_hdf5_id skiff_hdf5_open_attribute(skiff_hdf5_id object, const char *name);
bool skiff_hdf5_describe_attribute(skiff_hdf5_id attribute, skiff_hdf5_attribute *description);
/// Copies an attribute's elements as the file stores them; not for variable strings.
bool skiff_hdf5_read_attribute(skiff_hdf5_id attribute, void *buffer);
/// Hands each string of an attribute of `count` variable strings to the visitor; NULL strings as empty ones.
bool skiff_hdf5_read_variable_strings(
    skiff_hdf5_id attribute, size_t count, skiff_hdf5_visitor visitor, void *context);
void skiff_hdf5_close_attribute(skiff_hdf5_id attribute);

#endif
