//! What reading through the `git` binary promises.
