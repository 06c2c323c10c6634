//! SQLite files without remains of what was deleted: how journal, replica and outbox are opened. No table, no
//! statement, no rule of ours lives here.
//!
//! `secure_delete` overwrites what a statement deletes where it lies. It does not when SQLite rearranges
//! pages: a row that moves to the page beside leaves its old bytes in the free space between the page's
//! directory and its content (`rebuildPage` writes the page anew and leaves the rest as it was). No statement
//! reaches those, and deleting the row later overwrites only where it lies by then.
//!
//! So files are opened through the system's VFS with one thing added: a page on its way into the file has its free
//! space zeroed. The log beside the file still has the page as it was in memory, until it is emptied; after
//! that, [`forget_pages`] has later writes begin from the file.

use std::ffi::{CStr, c_int, c_void};
use std::ops::Range;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use rusqlite::{Connection, OpenFlags, ffi};

const NAME: &CStr = c"evendesk";

/// Pages that a file may have (128 GiB of them). The pages that are no part of a tree begin with another's
/// number, and below this none of them looks like one that is.
const MOST_PAGES: u32 = 0x01ff_ffff;

/// Opens a file so that what is deleted from it leaves nothing in it.
pub fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    let connection = Connection::open_with_flags_and_vfs(path, flags, NAME)?;
    connection.execute_batch(&format!("PRAGMA max_page_count = {MOST_PAGES};"))?;
    Ok(connection)
}

/// Gives up the pages held in memory, which may have remains that the file has not: for once its log is empty.
pub fn forget_pages(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA shrink_memory")
}

/// The free space of a page, where it is one of a tree: between the directory of its cells and the first cell.
fn free_space(page: &[u8], is_first: bool) -> Option<Range<usize>> {
    // The file's own header is in front of that of its first page.
    let at = if is_first { 100 } else { 0 };
    let header = page.get(at..at + 8)?;
    let directory = at
        + match header[0] {
            2 | 5 => 12,
            10 | 13 => 8,
            _ => return None,
        };
    let two = |n: usize| usize::from(u16::from_be_bytes([header[n], header[n + 1]]));
    let (cells, content) = (two(3), two(5));
    let content = if content == 0 { 65_536 } else { content };
    let free = directory + 2 * cells..content;
    (free.start <= free.end && free.end <= page.len()).then_some(free)
}

/// The page as it is to be written, where that is not as it is.
fn cleaned(page: &[u8], is_first: bool) -> Option<Vec<u8>> {
    let free = free_space(page, is_first)?;
    if page[free.clone()].iter().all(|byte| *byte == 0) {
        return None;
    }
    let mut clean = page.to_vec();
    clean[free].fill(0);
    Some(clean)
}

/// The VFS that SQLite uses by itself; set before ours can be asked for anything.
static SYSTEM: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// A table of what can be done with an open file, with `write` for writing. SQLite sees its first field.
#[repr(C)]
struct Methods {
    table: ffi::sqlite3_io_methods,
    /// Where the system's table is, of which this is made.
    made_of: usize,
}

/// One for each table that the system has (it has some, for file systems that lock in other ways).
static TABLES: Mutex<Vec<&'static Methods>> = Mutex::new(Vec::new());

/// Where this fails, opening a file says that there is no such VFS.
fn register() {
    // SAFETY: the system's VFS lives as long as the process, and so does the leaked copy, which differs from
    // it in its name and in `open`, which hands the system's on to the system's own `open`.
    unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        if system.is_null() {
            return;
        }
        SYSTEM.store(system, Ordering::Release);
        let ours = ffi::sqlite3_vfs {
            zName: NAME.as_ptr(),
            pNext: ptr::null_mut(),
            xOpen: Some(open_file),
            ..*system
        };
        ffi::sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 0);
    }
}

unsafe extern "C" fn open_file(
    _ours: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let system = SYSTEM.load(Ordering::Acquire);
    // SAFETY: SQLite's arguments go on as they are to the system's VFS, whose size of a file is ours too. What it
    // leaves in `pMethods` is null, or a table that lives as long as the process.
    unsafe {
        let Some(open) = (*system).xOpen else { return ffi::SQLITE_CANTOPEN };
        let done = open(system, name, file, flags, out_flags);
        let table = (*file).pMethods;
        if done == ffi::SQLITE_OK && flags & ffi::SQLITE_OPEN_MAIN_DB != 0 && !table.is_null() {
            (*file).pMethods = ptr::from_ref(methods(table)).cast();
        }
        done
    }
}

/// # Safety
/// `system` is a table that lives as long as the process.
unsafe fn methods(system: *const ffi::sqlite3_io_methods) -> &'static Methods {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = tables.iter().find(|t| t.made_of == system.addr()) {
        return known;
    }
    // SAFETY: as the caller promises.
    let table = ffi::sqlite3_io_methods { xWrite: Some(write), ..unsafe { *system } };
    let made: &'static Methods = Box::leak(Box::new(Methods { table, made_of: system.addr() }));
    tables.push(made);
    made
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: only files whose table is a `Methods` have this function, SQLite hands over `count` bytes to
    // be read, and the system's table is where it was when ours was made of it.
    unsafe {
        let ours = &*(*file).pMethods.cast::<Methods>();
        let system = &*ptr::with_exposed_provenance::<ffi::sqlite3_io_methods>(ours.made_of);
        let Some(write) = system.xWrite else { return ffi::SQLITE_IOERR_WRITE };
        let size = usize::try_from(count).unwrap_or(0);
        let is_page = size.is_power_of_two() && size >= 512 && at % i64::from(count) == 0;
        if is_page && let Some(clean) = cleaned(std::slice::from_raw_parts(bytes.cast(), size), at == 0) {
            return write(file, clean.as_ptr().cast(), count, at);
        }
        write(file, bytes, count, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages split and merge as rows of many sizes come and go in no order; then the secret ones go.
    fn left_of_a_secret(open: impl Fn(&Path) -> Connection) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let db = open(&path);
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;
             CREATE TABLE said (id INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT;
             CREATE TABLE named (words TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
        )
        .unwrap();
        let mut chance: u64 = 7;
        let mut next = || {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chance >> 33
        };
        db.execute_batch("BEGIN").unwrap();
        for _ in 0..2_000 {
            let (id, size) = (next() % 100_000, usize::try_from(next() % 900).unwrap());
            let word = if id.is_multiple_of(3) { "secret" } else { "public" };
            let words = format!("{id} {word} {}", "x".repeat(size));
            for table in ["said (id, words) VALUES (?1, ?2)", "named (words) SELECT ?2 WHERE ?1 > 0"] {
                db.execute(
                    &format!("INSERT INTO {table} ON CONFLICT DO NOTHING"),
                    (id.cast_signed(), &words),
                )
                .unwrap();
            }
        }
        db.execute_batch(
            "COMMIT; DELETE FROM said WHERE id % 3 = 0; DELETE FROM named WHERE words LIKE '% secret %';",
        )
        .unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        forget_pages(&db).unwrap();
        // What is written from now on begins with pages that have been in memory.
        db.execute_batch("UPDATE said SET words = words || '.'").unwrap();
        assert!(db.query_row("PRAGMA integrity_check", [], |r| Ok(r.get::<_, String>(0)? == "ok")).unwrap());
        let files =
            std::fs::read_dir(folder.path()).unwrap().map(|f| std::fs::read(f.unwrap().path()).unwrap());
        files.map(|bytes| bytes.windows(6).filter(|w| w == b"secret").count()).sum()
    }

    #[test]
    fn what_was_moved_to_another_page_and_then_deleted_is_in_neither() {
        assert_eq!(left_of_a_secret(|path| super::open(path, OpenFlags::default()).unwrap()), 0);
    }

    /// If SQLite sees to it by itself one day, this file can go.
    #[test]
    fn secure_delete_alone_leaves_some_of_it() {
        assert_ne!(left_of_a_secret(|path| Connection::open(path).unwrap()), 0);
    }

    #[test]
    fn a_page_that_is_no_part_of_a_tree_is_written_as_it_is() {
        let mut page = vec![7; 4_096];
        page[..4].copy_from_slice(&MOST_PAGES.to_be_bytes());
        assert_eq!(cleaned(&page, false), None);
    }
}
