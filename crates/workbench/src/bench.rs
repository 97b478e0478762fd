//! Proxies compared: how long they take, how often they answer, and which GOPROXY follows from it.
//!
//! [`compare`] asks each [`Target`] within a [`Plan`] for files of some [`Subject`]s, judges every answer, and gives a
//! [`Comparison`], which people read as a table or a picture and programs as JSON or CSV.

mod advice;
mod comparison;
mod csv;
mod figures;
mod findings;
mod json;
mod judge;
mod measure;
mod measured;
mod picture;
mod plan;
mod statistics;
mod subject;
mod table;
mod tally;
mod trouble;

pub use advice::{Advice, Tail};
pub use comparison::{Comparison, Resolved, Target, compare, resolve};
pub use measure::{Phase, Step, Tell};
pub use measured::{Connecting, Level, Measured, Place, Series, Standing, Throughput};
pub use plan::Plan;
pub use statistics::Quantiles;
pub use subject::{Project, Subject, Wanted};
pub use table::Look;
pub use trouble::Trouble;

#[cfg(test)]
mod tests;
