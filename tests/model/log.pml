/* The log: interpose/recorder.c (new_chunk, recorder_append, recorder_commit), read by reports/recording_reader.c while
 * the process runs, or after it was killed between any two stores. The file's memory outlives the process.
 *
 *     claim:    the record's size and type; nobody else writes                      recorder_append
 *     fill:     its fields                                                          the caller
 *     commit:   store(record->commit, RELEASE)                                      recorder_commit
 *     new chunk: magic, type, size; then store(header->size, RELEASE)               new_chunk
 *
 *     read:     load(header->size); the chunk's magic and size; per record: commit, size; then the fields
 *
 * The property: a record that counts is whole, and refers only to what stands before it and counts, too; a chunk
 * that is within header->size has its magic.
 *
 * -DBROKEN: the record is committed before its fields are written.
 */
#define RECORDS 4
#define PER_CHUNK 2
byte header_size; /* in chunks */
bool magic[RECORDS / PER_CHUNK];
bool sized[RECORDS], commit[RECORDS];
byte field[RECORDS]; /* 1 + the number of the record that it refers to: the one before it */

active proctype writer() {
    byte n = 0;
    do
    :: true -> break /* killed */
    :: n < RECORDS ->
        if
        :: n % PER_CHUNK == 0 ->
            magic[n / PER_CHUNK] = true;
            if
            :: true -> goto killed
            :: true -> skip
            fi;
            header_size = n / PER_CHUNK + 1
        :: else -> skip
        fi;
        sized[n] = true;
        if
        :: true -> goto killed
        :: true -> skip
        fi;
#ifdef BROKEN
        commit[n] = true;
        if
        :: true -> goto killed
        :: true -> skip
        fi;
        field[n] = n + 1;
#else
        field[n] = n + 1;
        if
        :: true -> goto killed
        :: true -> skip
        fi;
        commit[n] = true;
#endif
        n++
    :: else -> break
    od;
killed: skip
}

active proctype reader() {
    byte chunks, n = 0, known = 0;
    chunks = header_size;
    do
    :: n < chunks * PER_CHUNK ->
        assert(magic[n / PER_CHUNK]);
        /* What does not count ends the chunk, and so does a record without a size. */
        if
        :: commit[n] ->
            assert(sized[n]);
            assert(field[n] == n + 1);
            assert(known == n);
            known++;
            n++
        :: else -> break
        fi
    :: else -> break
    od
}
