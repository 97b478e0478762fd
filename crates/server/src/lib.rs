//! HTTP only: routes, responses for go, limits, metrics.
