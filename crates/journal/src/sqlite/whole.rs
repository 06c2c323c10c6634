//! The file as a whole: read at one moment beside whoever writes it, or filled from another journal.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, TransactionBehavior, params, params_from_iter};

use super::{SqliteJournal, workspace};
use crate::error::Doing;
use crate::whole::{Kind, PAGE, Row, Snapshot, TABLES, Table, Value, Whole};
use crate::{Error, Workspace};

/// A reader whose one transaction stays open.
struct Moment(Connection);

impl Snapshot for Moment {
    fn workspace(&mut self) -> Result<Option<Workspace>, Error> {
        workspace(&self.0)
    }

    fn each(
        &mut self,
        table: &Table,
        take: &mut dyn FnMut(Vec<Row>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let doing = "read the journal as a whole";
        let key = table.columns[0].0;
        let sql = format!("SELECT {} FROM {} ORDER BY {key}", table.names(), table.name);
        let mut statement = self.0.prepare(&sql).doing(doing)?;
        let mut found = statement.query([]).doing(doing)?;
        let mut page = Vec::new();
        while let Some(row) = found.next().doing(doing)? {
            let value = |(column, (_, kind)): (usize, &(_, Kind))| {
                Ok::<_, rusqlite::Error>(match kind {
                    Kind::Int => Value::Int(row.get(column)?),
                    Kind::Text => Value::Text(row.get(column)?),
                    Kind::Bytes => Value::Bytes(row.get(column)?),
                })
            };
            page.push(table.columns.iter().enumerate().map(value).collect::<Result<Row, _>>().doing(doing)?);
            if page.len() == PAGE {
                take(std::mem::take(&mut page))?;
            }
        }
        take(page)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn refuse_where_founded(connection: &Connection) -> Result<(), Error> {
    if workspace(connection)?.is_some() { Err(Error::AlreadyFounded) } else { Ok(()) }
}

impl Whole for SqliteJournal {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let reader = self.open_reader()?;
        reader.execute_batch("BEGIN").doing("read the journal as a whole")?;
        // The moment is that of the first look.
        workspace(&reader)?;
        Ok(Box::new(Moment(reader)))
    }

    fn begin(&self) -> Result<(), Error> {
        let connection = self.writer();
        refuse_where_founded(&connection)?;
        for table in TABLES {
            connection.execute(&format!("DELETE FROM {}", table.name), []).doing("clear the journal")?;
        }
        Ok(())
    }

    fn take_in(&self, table: &Table, rows: &[Row]) -> Result<(), Error> {
        let doing = "take another journal in";
        let mut connection = self.writer();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        refuse_where_founded(&tx)?;
        let places = vec!["?"; table.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.name, table.names());
        {
            let mut insert = tx.prepare_cached(&sql).doing(doing)?;
            for row in rows {
                insert.execute(params_from_iter(row)).doing(doing)?;
            }
        }
        tx.commit().doing(doing)
    }

    fn finish(&self, workspace: &Workspace) -> Result<(), Error> {
        let connection = self.writer();
        refuse_where_founded(&connection)?;
        connection
            .execute(
                "INSERT INTO workspace (one, id, name, incarnation, submit_key, founded_at, epoch, head)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    workspace.id.0,
                    workspace.name,
                    workspace.incarnation,
                    workspace.submit_key,
                    workspace.founded_at.millis(),
                    workspace.epoch,
                    workspace.head
                ],
            )
            .doing("make the workspace")?;
        Ok(())
    }

    fn moved_to(&self) -> Result<Option<String>, Error> {
        self.read_with(super::moved_to)
    }

    fn depart(&self, to: Option<&str>) -> Result<(), Error> {
        self.writer()
            .execute("UPDATE workspace SET moved_to = ?1, epoch = epoch + 1", [to.unwrap_or_default()])
            .doing("say where the journal goes")?;
        Ok(())
    }
}
