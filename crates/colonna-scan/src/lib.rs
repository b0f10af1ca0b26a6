//! colonna-scan
