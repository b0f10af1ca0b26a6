//! colonna-storage
