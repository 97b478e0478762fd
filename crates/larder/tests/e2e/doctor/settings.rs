//! Faults of the layer that `doctor::settings` looks at.
