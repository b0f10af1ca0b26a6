//! colonna-ingest
