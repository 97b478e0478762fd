//! The one door out, and one GOPROXY behind it.
