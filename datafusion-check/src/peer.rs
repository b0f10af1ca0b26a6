//! DataFusion over the files of a table.

use colonna_column::Columns;
use colonna_schema::Scalar;
use colonna_storage::PartitionSpec;
use datafusion::arrow::datatypes::DataType as ArrowType;
use datafusion::error::DataFusionError;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use tokio::runtime::{Builder, Runtime};

use crate::CheckError;
use crate::differences::SETTINGS;
use crate::table::Written;

/// DataFusion with one table, which it knows as `t`.
pub struct Peer {
    runtime: Runtime,
    session: SessionContext,
}

impl Peer {
    /// Registers the files of a table.
    ///
    /// # Errors
    ///
    /// Where DataFusion cannot read the files.
    pub fn try_new(written: &Written) -> Result<Self, CheckError> {
        let runtime = Builder::new_current_thread()
            .build()
            .map_err(|source| CheckError::Folder { source })?;
        let config = SETTINGS
            .iter()
            .fold(SessionConfig::new(), |config, (name, value)| config.set_bool(name, *value))
            .with_target_partitions(1);
        let session = SessionContext::new_with_config(config);
        let mut options = ParquetReadOptions::default();
        if let PartitionSpec::Column { name } = &written.spec {
            // The files lack this column; those of a time are left out, for they are not asked for.
            options = options.table_partition_cols(vec![(name.clone(), ArrowType::Utf8)]);
        }
        let path = written.path().display().to_string();
        runtime.block_on(session.register_parquet("t", &path, options))?;
        Ok(Self { runtime, session })
    }

    /// The rows that answer a query.
    ///
    /// # Errors
    ///
    /// Where DataFusion refuses it.
    pub fn answer(&self, sql: &str) -> Result<Vec<Vec<Scalar>>, DataFusionError> {
        let batches = self.runtime.block_on(async {
            let frame = self.session.sql(sql).await?;
            frame.collect().await
        })?;
        let mut rows = Vec::new();
        for batch in batches {
            let columns = Columns::from_batch(&batch)
                .map_err(|error| DataFusionError::External(Box::new(error)))?;
            rows.extend((0..columns.row_count()).map(|row| columns.row(row)));
        }
        Ok(rows)
    }
}
