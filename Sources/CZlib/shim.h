// zlib's initialisers are macros that pass the header's version and the stream's size; Swift cannot import those.
#ifndef SKIFF_CZLIB_SHIM_H
#define SKIFF_CZLIB_SHIM_H

#include <zlib.h>

/// Starts inflating. `windowBits` is -15 for a raw deflate stream, 15 for a zlib stream.
static inline int skiff_inflate_init(z_stream *stream, int windowBits) {
    return inflateInit2(stream, windowBits);
}

/// Starts deflating with the same meaning of `windowBits`.
static inline int skiff_deflate_init(z_stream *stream, int level, int windowBits) {
    return deflateInit2(stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY);
}

#endif
