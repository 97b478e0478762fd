//! Modules straight from their repositories: the real binary before a git server over HTTPS, which is reached by its
//! names through a tunnel.

mod behind_a_proxy;
mod faults;
mod logins;
mod moved;
mod names;
mod public;
pub(crate) mod site;
mod with_go;
