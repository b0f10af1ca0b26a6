//! colonna-exec
