//! colonna
