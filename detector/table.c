#include "detector/table.h"

unsigned table_hash(const void *key, unsigned bytes) {
    unsigned hash;
    HASH_JEN(key, bytes, hash);
    return hash;
}
