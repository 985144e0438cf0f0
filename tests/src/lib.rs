//! Checks of Millrace from outside.
