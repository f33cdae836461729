#!/bin/sh
# Writes skiff.pb-c.c and include/skiff.pb-c.h from skiff.proto. Needs protoc-c (Debian: protobuf-c-compiler).
set -eu
cd "$(dirname "$0")"
protoc-c --c_out=. skiff.proto
mv skiff.pb-c.h include/skiff.pb-c.h
