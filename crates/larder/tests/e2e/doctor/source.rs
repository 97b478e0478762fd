//! Faults of the layer that `doctor::source` looks at.
