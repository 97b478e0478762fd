//! The decision: given a request, what is the answer?
