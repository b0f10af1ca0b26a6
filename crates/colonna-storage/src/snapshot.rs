//! What the partitioning of a table means for its reader and its writer.

use std::collections::BTreeMap;
use std::path::Path;

use colonna_schema::{Field, Schema};

use crate::{DataFile, PartitionKey, PartitionSpec, Snapshot, StorageError};

/// The table property that says by what it is partitioned.
const PARTITIONED_BY: &str = "colonna.partitionedBy";

impl Snapshot {
    /// Makes a table for rows of this schema, with the columns that its partitioning adds.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::create`], and where the rows cannot be partitioned so.
    pub fn create_partitioned(
        folder: impl AsRef<Path>,
        rows: &Schema,
        spec: &PartitionSpec,
        properties: &BTreeMap<String, String>,
    ) -> Result<Self, StorageError> {
        let columns: Vec<String> =
            spec.columns(rows)?.into_iter().map(|field| field.name).collect();
        let mut properties = properties.clone();
        properties.insert(PARTITIONED_BY.to_owned(), spec.to_string());
        Self::create(folder, &spec.table_schema(rows)?, &columns, &properties)
    }

    /// By what the table is partitioned; `None` where another program partitioned it in a way that
    /// has no spec.
    pub fn partition_spec(&self) -> Option<PartitionSpec> {
        let stated = self.properties().remove(PARTITIONED_BY);
        if let Some(spec) = stated.and_then(|text| text.parse::<PartitionSpec>().ok()) {
            let columns = spec.columns(self.schema()).ok()?;
            let names: Vec<String> = columns.into_iter().map(|field| field.name).collect();
            // The property could have been copied from another table.
            return (names == self.partition_columns()).then_some(spec);
        }
        match self.partition_columns() {
            [] => Some(PartitionSpec::None),
            [name] => Some(PartitionSpec::Column { name: name.clone() }),
            _ => None,
        }
    }

    /// The columns that the data files hold: all but those that partition the table.
    pub fn file_schema(&self) -> Schema {
        let kept = |field: &&Field| !self.partition_columns().contains(&field.name);
        Schema::new(self.schema().fields.iter().filter(kept).cloned().collect())
    }
}

impl DataFile {
    /// The partition that the file belongs to.
    pub fn partition_key(&self) -> PartitionKey {
        PartitionKey::new(self.partition_values.clone())
    }
}
