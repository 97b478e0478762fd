//! Faults of the layer that `doctor::network` looks at.
