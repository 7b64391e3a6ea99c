//! Whole or not at all: files are staged beside their places, a journal is written, then they are moved. A run that
//! is killed while it writes leaves the old files as they were; one that is killed while it moves is rolled forward
//! by the next run.
//!
//! Below the output root a folder `.jalon` holds a lock (one run publishes at a time), the list of staged paths, and
//! the journal. Staged names start with a dot and end in `.part`, so no glob of a BI tool reads them.

use super::failed;
use crate::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A running publication. Dropping it without [`Stage::commit`] removes what was staged.
#[derive(Debug)]
pub struct Stage {
    root: PathBuf,
    id: String,
    moves: Vec<Move>,
    made_folders: Vec<PathBuf>,
    _lock: File,
    committed: bool,
}

/// One file or folder to move into its place; paths are relative to the output root.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Move {
    staged: PathBuf,
    target: PathBuf,
    folder: bool,
    /// Identifies a staged folder, to know after a crash whether it has been exchanged already.
    inode: u64,
}

const HOME: &str = ".jalon";
const STAGED: &str = "staged.json";
const JOURNAL: &str = "journal.json";

impl Stage {
    /// Takes the output root for this run, finishes what a killed run left, and checks that all targets can be
    /// written. `targets` are paths below the root, with whether each is a folder.
    ///
    /// # Errors
    /// A root that cannot be written, a target that leads out of it or is of the wrong kind.
    pub fn begin(root: &Path, id: &str, targets: &[(PathBuf, bool)]) -> Result<Self, Diagnostic> {
        let fail = |path: &Path, error: &io::Error| failed(path, &error.to_string());
        let home = root.join(HOME);
        fs::create_dir_all(&home).map_err(|e| fail(&home, &e))?;
        let lock_path = home.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|e| fail(&lock_path, &e))?;
        if lock.try_lock().is_err() {
            // Not an error, but silence would look like one.
            let _ = writeln!(io::stderr(), "waiting for another run that publishes below `{}`", root.display());
            lock.lock().map_err(|e| fail(&lock_path, &e))?;
        }
        recover(root).map_err(|e| {
            Diagnostic::engine(
                "cannot-recover",
                format!("what a killed run left in `{}` cannot be finished: {e}", home.display()),
            )
            .help(format!(
                "look at `{0}/{JOURNAL}` and `{0}/{STAGED}`; to give up on that run, delete both",
                home.display()
            ))
        })?;
        let mut stage = Self {
            root: root.to_path_buf(),
            id: id.to_owned(),
            moves: vec![],
            made_folders: vec![],
            _lock: lock,
            committed: false,
        };
        stage.moves = targets.iter().map(|(target, folder)| stage.plan(target, *folder)).collect();
        let list = stage.moves.iter().map(|m| m.staged.clone()).collect::<Vec<_>>();
        stage.note(STAGED, &list).map_err(|e| fail(&home, &e))?;
        for target in targets {
            stage.prepare(&target.0, target.1)?;
        }
        Ok(stage)
    }

    /// The output root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn plan(&self, target: &Path, folder: bool) -> Move {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let staged = target.with_file_name(format!(".{name}.jalon-{}.part", self.id));
        Move { staged, target: target.to_path_buf(), folder, inode: 0 }
    }

    /// Where a target is to be written for now.
    #[must_use]
    pub fn staged(&self, target: &Path) -> PathBuf {
        let found = self.moves.iter().find(|m| m.target == target);
        self.root.join(found.map_or_else(|| self.plan(target, false).staged, |m| m.staged.clone()))
    }

    /// Makes the target's folder, and checks that it lies below the root and can be written.
    fn prepare(&mut self, target: &Path, folder: bool) -> Result<(), Diagnostic> {
        let place = self.root.join(target);
        let parent = place.parent().unwrap_or(&self.root).to_path_buf();
        let mut missing: Vec<PathBuf> = parent
            .ancestors()
            .take_while(|p| !p.as_os_str().is_empty() && !p.exists())
            .map(Path::to_path_buf)
            .collect();
        fs::create_dir_all(&parent).map_err(|e| failed(&place, &e.to_string()))?;
        missing.reverse();
        self.made_folders.extend(missing);
        let inside = match (fs::canonicalize(&parent), fs::canonicalize(&self.root)) {
            (Ok(parent), Ok(root)) => parent.starts_with(root),
            _ => false,
        };
        if !inside {
            return Err(Diagnostic::engine(
                "path-outside",
                format!("`{}` leads out of the output root by a link", place.display()),
            )
            .help("remove the link, or set the output root to where it leads"));
        }
        match fs::symlink_metadata(&place) {
            Ok(meta) if meta.is_dir() != folder => {
                let (found, wanted) = if meta.is_dir() { ("a folder", "a file") } else { ("a file", "a folder") };
                return Err(Diagnostic::engine(
                    "cannot-write",
                    format!("`{}` is {found}, the export is {wanted}", place.display()),
                )
                .help("remove it, or choose another path"));
            }
            Ok(meta) if meta.is_dir() => only_partitions(&place).map_err(|stranger| {
                Diagnostic::engine(
                    "cannot-write",
                    format!("`{}` holds more than a partitioned report: `{}`", place.display(), stranger.display()),
                )
                .note("a partitioned export replaces its whole folder")
                .help("choose a folder of its own for the export")
            })?,
            _ => {}
        }
        // Better to fail now than after an hour of scanning.
        let probe = self.staged(target);
        File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(|e| failed(&place, &e.to_string()))
    }

    fn note<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        let home = self.root.join(HOME);
        let draft = home.join(format!("{name}.{}.part", self.id));
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(value).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&draft, home.join(name))?;
        sync_folder(&home)
    }

    /// Moves everything into place, the last target last.
    ///
    /// # Errors
    /// When the journal cannot be written nothing has changed; when a move fails the next run finishes it.
    pub fn commit(mut self) -> Result<(), Diagnostic> {
        let home = self.root.join(HOME);
        let fail = |e: io::Error| failed(&home, &e.to_string());
        for entry in &mut self.moves {
            let staged = self.root.join(&entry.staged);
            entry.inode = inode(&staged).map_err(fail)?;
            if entry.folder {
                sync_tree(&staged).map_err(fail)?;
            }
        }
        // The journal may only name what a power cut cannot take away.
        sync_parents(&self.root, self.moves.iter().map(|m| &m.staged)).map_err(fail)?;
        self.note(JOURNAL, &self.moves).map_err(fail)?;
        // From here on the run counts as published: a crash is rolled forward.
        self.committed = true;
        finish(&self.root, &self.moves).map_err(|e| {
            Diagnostic::engine(
                "half-published",
                format!("reports below `{}` cannot be moved into place: {e}", self.root.display()),
            )
            .note("some exports are new and some old, each of them whole; the next run finishes the move")
            .help("check the permissions of the folder, and run again")
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.committed {
            return;
        }
        for entry in &self.moves {
            remove(&self.root.join(&entry.staged));
        }
        let _ = fs::remove_file(self.root.join(HOME).join(STAGED));
        for folder in self.made_folders.iter().rev() {
            // Fails, as it should, where something else is in it by now.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Whether a folder holds nothing but what a partitioned export writes; else something that it does not.
fn only_partitions(folder: &Path) -> Result<(), PathBuf> {
    let entries = fs::read_dir(folder).map_err(|_| folder.to_path_buf())?;
    for entry in entries {
        let path = entry.map_err(|_| folder.to_path_buf())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name.contains('=') {
            only_partitions(&path)?;
        } else if path.is_dir() || !(name.starts_with("part-") && name.ends_with(".parquet")) {
            return Err(path);
        }
    }
    Ok(())
}

/// Whether a path of the journal can be one that a run has written: below the root, and a staged name.
fn is_ours(staged: &Path) -> bool {
    let name = staged.file_name().unwrap_or_default().to_string_lossy();
    let below = staged.components().all(|c| matches!(c, std::path::Component::Normal(_)));
    below && name.starts_with('.') && name.contains(".jalon-") && name.ends_with(".part")
}

/// Finishes or cleans up what a killed run left.
fn recover(root: &Path) -> io::Result<()> {
    let home = root.join(HOME);
    if let Ok(text) = fs::read(home.join(JOURNAL)) {
        let moves: Vec<Move> = serde_json::from_slice(&text).map_err(io::Error::other)?;
        let target_below = |m: &Move| m.target.components().all(|c| matches!(c, std::path::Component::Normal(_)));
        if !moves.iter().all(|m| is_ours(&m.staged) && target_below(m)) {
            return Err(io::Error::other(format!("`{JOURNAL}` names paths that no run writes")));
        }
        return finish(root, &moves);
    }
    if let Ok(text) = fs::read(home.join(STAGED)) {
        let staged: Vec<PathBuf> = serde_json::from_slice(&text).map_err(io::Error::other)?;
        for path in staged.iter().filter(|path| is_ours(path)) {
            remove(&root.join(path));
        }
        fs::remove_file(home.join(STAGED))?;
    }
    Ok(())
}

/// Makes all moves that are not made yet, then forgets the journal.
fn finish(root: &Path, moves: &[Move]) -> io::Result<()> {
    for entry in moves {
        let (staged, target) = (root.join(&entry.staged), root.join(&entry.target));
        let moved = inode(&target).is_ok_and(|i| i == entry.inode);
        if !staged.exists() {
            if moved {
                continue;
            }
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("`{}` is gone", staged.display())));
        }
        let exchanged = entry.folder && moved;
        if entry.folder && target.exists() {
            if !exchanged {
                exchange(&staged, &target)?;
            }
            remove(&staged);
        } else {
            fs::rename(&staged, &target)?;
        }
    }
    sync_parents(root, moves.iter().map(|m| &m.target))?;
    let home = root.join(HOME);
    fs::remove_file(home.join(JOURNAL))?;
    match fs::remove_file(home.join(STAGED)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => sync_folder(&home),
    }
}

fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

#[cfg(not(unix))]
compile_error!("jalon moves reports into place by POSIX renames and tells files apart by their inodes");

/// What tells a file or folder apart from another one of the same name.
fn inode(path: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::symlink_metadata(path)?.ino())
}

/// Swaps two folders in one step.
#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{renameat_with, RenameFlags, CWD};
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some network file systems cannot: then the old folder is moved away first.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            exchange_in_two(a, b)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    exchange_in_two(a, b)
}

fn exchange_in_two(a: &Path, b: &Path) -> io::Result<()> {
    let mut aside = a.as_os_str().to_owned();
    aside.push(".old");
    let aside = PathBuf::from(aside);
    fs::rename(b, &aside)?;
    fs::rename(a, b)?;
    fs::rename(&aside, a)
}

/// Flushes the folders that paths below the root are in, each once.
fn sync_parents<'p>(root: &Path, paths: impl Iterator<Item = &'p PathBuf>) -> io::Result<()> {
    let folders: BTreeSet<PathBuf> = paths.map(|path| root.join(path.parent().unwrap_or(Path::new("")))).collect();
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(if path.as_os_str().is_empty() { Path::new(".") } else { path })?.sync_all()
}

fn sync_tree(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if entry.is_dir() {
            sync_tree(&entry)?;
        }
    }
    sync_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets() -> Vec<(PathBuf, bool)> {
        vec![(PathBuf::from("r/a.csv"), false), (PathBuf::from("r/folder"), true)]
    }

    fn write_both(stage: &Stage, text: &str) {
        fs::write(stage.staged(Path::new("r/a.csv")), text).expect("written");
        let folder = stage.staged(Path::new("r/folder"));
        fs::create_dir_all(&folder).expect("made");
        fs::write(folder.join("part-0.parquet"), text).expect("written");
    }

    fn read_both(root: &Path) -> (String, String) {
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
        (read("r/a.csv"), read("r/folder/part-0.parquet"))
    }

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root.join("r"))
            .expect("folder")
            .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_and_folders_are_replaced_whole_and_nothing_is_left() {
        let root = tempfile::tempdir().expect("folder");
        for text in ["one", "two"] {
            let stage = Stage::begin(root.path(), text, &targets()).expect("begun");
            write_both(&stage, text);
            stage.commit().expect("committed");
            assert_eq!(read_both(root.path()), (text.to_owned(), text.to_owned()));
        }
        assert_eq!(names(root.path()), ["a.csv", "folder"]);
    }

    #[test]
    fn a_dropped_stage_leaves_the_old_files() {
        let root = tempfile::tempdir().expect("folder");
        let stage = Stage::begin(root.path(), "one", &targets()).expect("begun");
        write_both(&stage, "one");
        stage.commit().expect("committed");
        let stage = Stage::begin(root.path(), "two", &targets()).expect("begun");
        write_both(&stage, "two");
        drop(stage);
        assert_eq!(read_both(root.path()), ("one".to_owned(), "one".to_owned()));
        assert_eq!(names(root.path()), ["a.csv", "folder"]);
    }

    /// Leaves the folder as a run does that is killed after some of its moves.
    fn killed_after(moves: usize) {
        let root = tempfile::tempdir().expect("folder");
        let stage = Stage::begin(root.path(), "one", &targets()).expect("begun");
        write_both(&stage, "one");
        stage.commit().expect("committed");
        let mut stage = Stage::begin(root.path(), "two", &targets()).expect("begun");
        write_both(&stage, "two");
        for entry in &mut stage.moves {
            entry.inode = inode(&root.path().join(&entry.staged)).expect("inode");
        }
        stage.note(JOURNAL, &stage.moves).expect("journal");
        for entry in &stage.moves[..moves.min(stage.moves.len())] {
            let (staged, target) = (root.path().join(&entry.staged), root.path().join(&entry.target));
            if entry.folder {
                exchange(&staged, &target).expect("exchanged");
            } else {
                fs::rename(&staged, &target).expect("renamed");
            }
        }
        stage.committed = true;
        drop(stage);
        let next = Stage::begin(root.path(), "three", &targets()).expect("begun");
        assert_eq!(read_both(root.path()), ("two".to_owned(), "two".to_owned()), "after {moves} moves");
        drop(next);
        assert_eq!(names(root.path()), ["a.csv", "folder"]);
    }

    #[test]
    fn a_killed_run_is_rolled_forward_from_wherever_it_was() {
        (0..=2).for_each(killed_after);
    }

    #[test]
    fn notes_that_no_run_wrote_delete_nothing_and_are_named() {
        let outer = tempfile::tempdir().expect("folder");
        let root = outer.path().join("root");
        fs::create_dir_all(root.join(HOME)).expect("made");
        fs::create_dir_all(outer.path().join("victim")).expect("made");
        fs::write(root.join(HOME).join(STAGED), r#"["../victim", "r"]"#).expect("written");
        drop(Stage::begin(&root, "one", &targets()).expect("begun"));
        assert!(outer.path().join("victim").exists());
        for journal in ["", r#"[{"staged": "../victim", "target": "r/a.csv", "folder": true, "inode": 1}]"#] {
            fs::write(root.join(HOME).join(JOURNAL), journal).expect("written");
            let error = Stage::begin(&root, "two", &targets()).expect_err("refused");
            assert_eq!(error.code, "cannot-recover");
            assert!(outer.path().join("victim").exists());
        }
    }

    #[test]
    fn a_link_out_of_the_root_is_refused() {
        let root = tempfile::tempdir().expect("folder");
        let elsewhere = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("r")).expect("link");
        let error = Stage::begin(root.path(), "one", &targets()).expect_err("refused");
        assert_eq!(error.code, "path-outside");
    }
}
