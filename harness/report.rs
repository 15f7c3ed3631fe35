//! Reports: merging shards, the files of a run, and what each of them holds.
