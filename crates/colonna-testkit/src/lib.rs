//! colonna-testkit
