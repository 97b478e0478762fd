//! What tests stand on: scripted upstreams, module trees, a Larder under test, a real go.
