//! Checks of Millrace from outside.

pub mod browser;
pub mod site;
