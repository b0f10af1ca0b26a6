//! colonna-page
