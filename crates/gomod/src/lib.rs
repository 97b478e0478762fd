//! The rules of Go modules: paths, versions, go.mod, go.sum, zips and their hashes. Pure: no I/O, no clock.
