//! Faults of the layer that `doctor::state` looks at.
