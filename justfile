# The tasks of this project. `just` alone lists them.
default:
    @just --list

# What must hold before a commit.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# Everything that runs before a change lands, from the build to the readers from outside.
ci:
    .ci/run

# Criterion benches.
bench:
    cargo bench -p colonna-benches

# Each query's time beside that of reading and decoding what it needs; the folder has the tables `events` and `trips`.
limits tables *arguments:
    cargo run --release -p colonna-benches --bin limits -- --tables {{tables}} {{arguments}}

# colonna beside DuckDB, Polars, chDB and DataFusion, as Markdown: load, query or all. Needs Python 3.11.
peers *arguments="all":
    cargo build --release -p colonna-cli -p colonna-benches --bins
    python3 benches/peers/run.py {{arguments}}

# Generated queries, asked of colonna and of DataFusion over the same files.
datafusion-check queries="10000" seed="0":
    cargo run --manifest-path datafusion-check/Cargo.toml -- {{queries}} {{seed}}

# A fuzz target for a minute: decode_json, decode_csv, decode_pages or replay_log. Needs cargo-fuzz and a nightly toolchain.
fuzz target seconds="60":
    cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}}
