//! The checksum database, pure: keys, signed notes, tiles, records.
