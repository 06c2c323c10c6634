//! The tables as a whole: read at one moment beside whoever writes them, or filled from another journal.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row as Found};

use super::{Failed, Lost, PostgresJournal, bytes, read_workspace, signed};
use crate::whole::{Kind, PAGE, Row, Snapshot, TABLES, Table, Value, Whole};
use crate::{Error, Workspace};

const READING: &str = "read the journal as a whole";
const TAKING_IN: &str = "take another journal in";

/// A connection whose one transaction stays open.
struct Moment<'a> {
    journal: &'a PostgresJournal,
    client: Client,
}

impl Snapshot for Moment<'_> {
    fn workspace(&mut self) -> Result<Option<Workspace>, Error> {
        let found = self.journal.own.wait(self.client.query_opt(super::WORKSPACE, &[]));
        found.failed(READING)?.as_ref().map(read_workspace).transpose().failed(READING)
    }

    fn each(
        &mut self,
        table: &Table,
        take: &mut dyn FnMut(Vec<Row>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let own = &self.journal.own;
        let (key, kind) = table.columns[0];
        // Bytes decide the order everywhere, not this database's language.
        let order = if kind == Kind::Text { "COLLATE \"C\"" } else { "" };
        let (names, name) = (table.names(), table.name);
        let declare =
            format!("DECLARE pages CURSOR FOR SELECT {names} FROM {name} ORDER BY \"{key}\" {order}");
        own.wait(self.client.batch_execute(&declare)).failed(READING)?;
        let fetch = own.wait(self.client.prepare(&format!("FETCH {PAGE} FROM pages"))).failed(READING)?;
        loop {
            let found = own.wait(self.client.query(&fetch, &[])).failed(READING)?;
            let last = found.len() < PAGE;
            let page = found.iter().map(|row| values(row, table)).collect::<Result<_, _>>();
            take(page.failed(READING)?)?;
            if last {
                return own.wait(self.client.batch_execute("CLOSE pages")).failed(READING);
            }
        }
    }
}

fn values(row: &Found, table: &Table) -> Result<Row, Lost> {
    let value = |(column, (_, kind)): (usize, &(_, Kind))| {
        Ok(match kind {
            Kind::Int => Value::Int(row.try_get(column)?),
            Kind::Text => Value::Text(row.try_get(column)?),
            Kind::Bytes => Value::Bytes(row.try_get(column)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// The values of one column, as an array.
fn column(rows: &[Row], index: usize, kind: Kind) -> Box<dyn ToSql + Sync> {
    let values = rows.iter().filter_map(|row| row.get(index));
    match kind {
        Kind::Int => Box::new(
            values.filter_map(|v| if let Value::Int(n) = v { Some(*n) } else { None }).collect::<Vec<_>>(),
        ),
        Kind::Text => Box::new(
            values
                .filter_map(|v| if let Value::Text(t) = v { Some(t.clone()) } else { None })
                .collect::<Vec<_>>(),
        ),
        Kind::Bytes => Box::new(
            values
                .filter_map(|v| if let Value::Bytes(b) = v { Some(b.clone()) } else { None })
                .collect::<Vec<_>>(),
        ),
    }
}

const fn array(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "bigint[]",
        Kind::Text => "text[]",
        Kind::Bytes => "bytea[]",
    }
}

impl PostgresJournal {
    fn refuse_where_founded(&self) -> Result<(), Error> {
        use crate::Journal as _;
        if self.workspace()?.is_some() { Err(Error::AlreadyFounded) } else { Ok(()) }
    }
}

impl Whole for PostgresJournal {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        // Whoever takes the rows may take some time over them.
        let begin = "SET idle_in_transaction_session_timeout = '5min'; SET statement_timeout = '5min';
                     BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT head FROM workspace";
        let client = self.own.wait(async {
            let (client, _) = self.dial.connect(|_| {}).await?;
            client.batch_execute(begin).await.map(|()| client)
        });
        Ok(Box::new(Moment { journal: self, client: client.failed(READING)? }))
    }

    fn begin(&self) -> Result<(), Error> {
        self.refuse_where_founded()?;
        for table in TABLES {
            self.run("clear the journal", &format!("DELETE FROM {}", table.name), &[])?;
        }
        Ok(())
    }

    fn take_in(&self, table: &Table, rows: &[Row]) -> Result<(), Error> {
        self.refuse_where_founded()?;
        let kinds = table.columns.iter().enumerate();
        let arrays: Vec<_> =
            kinds.clone().map(|(n, (_, kind))| format!("${}::{}", n + 1, array(*kind))).collect();
        // Twice over a lost connection, a row is the same row.
        let sql = format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT DO NOTHING",
            table.name,
            table.names(),
            arrays.join(", ")
        );
        let columns: Vec<_> = kinds.map(|(n, (_, kind))| column(rows, n, *kind)).collect();
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|c| &**c).collect();
        self.run(TAKING_IN, &sql, &params)
    }

    fn finish(&self, workspace: &Workspace) -> Result<(), Error> {
        let sql = "INSERT INTO workspace (one, id, name, incarnation, submit_key, founded_at, epoch, head)
                   VALUES (1, $1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        self.refuse_where_founded()?;
        self.run(
            "make the workspace",
            sql,
            &[
                &bytes(&workspace.id.0),
                &workspace.name,
                &bytes(&workspace.incarnation),
                &workspace.submit_key,
                &workspace.founded_at.millis(),
                &signed(workspace.epoch),
                &signed(workspace.head),
            ],
        )
    }

    fn moved_to(&self) -> Result<Option<String>, Error> {
        let to = self.value::<String>("read the workspace", "SELECT moved_to FROM workspace", &[])?;
        Ok(to.filter(|to| !to.is_empty()))
    }

    fn depart(&self, to: Option<&str>) -> Result<(), Error> {
        let sql = "UPDATE workspace SET moved_to = $1, epoch = epoch + 1";
        self.run("say where the journal goes", sql, &[&to.unwrap_or_default()])
    }
}
