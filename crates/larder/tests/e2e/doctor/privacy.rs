//! Faults of the layer that `doctor::privacy` looks at.
