//! Repositories of the sizes that are measured, made quickly by `git fast-import`.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::bench::workshop::Workshop;
use crate::store::layout;

/// How the files of a repository lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A hundred to a folder.
    Nested,
    /// All at the top.
    Flat,
}

/// A repository that is still to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) files: usize,
    pub(crate) shape: Shape,
    pub(crate) commits: usize,
    pub(crate) loose: usize,
}

/// What most repositories are compared with.
pub(crate) const SMALL: Plan = Plan { files: 100, shape: Shape::Nested, commits: 10, loose: 0 };

impl Plan {
    /// The path of a file.
    pub(crate) fn path(&self, file: usize) -> String {
        match self.shape {
            Shape::Nested => format!("folder-{:03}/file-{file:06}.txt", file / 100),
            Shape::Flat => format!("file-{file:06}.txt"),
        }
    }

    /// Makes it, with all files checked out.
    pub(crate) fn make(&self, workshop: &Workshop, name: &str) -> anyhow::Result<PathBuf> {
        let path = workshop.folder().join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        workshop.git(&path, &["init", "-q", "-b", "main"], None)?;
        import(workshop, &path, &["fast-import", "--quiet"], |out| self.history(out))?;
        workshop.git(&path, &["reset", "-q", "--hard", "main"], None)?;
        if self.loose > 0 {
            // Below this number of objects git writes them one by one.
            let limit = format!("fastimport.unpackLimit={}", self.loose * 2);
            let args = ["-c", limit.as_str(), "fast-import", "--quiet"];
            import(workshop, &path, &args, |out| self.loose_objects(out))?;
        }
        Ok(path)
    }

    fn history(&self, out: &mut impl Write) -> std::io::Result<()> {
        begin_commit(out, "refs/heads/main", 0)?;
        for file in 0..self.files {
            let content = format!("This is file {file}\n");
            writeln!(out, "M 100644 inline {}\ndata {}\n{content}", self.path(file), content.len())?;
        }
        for commit in 1..self.commits {
            begin_commit(out, "refs/heads/main", commit)?;
            let content = format!("{commit}\n");
            writeln!(out, "M 100644 inline counter\ndata {}\n{content}", content.len())?;
        }
        Ok(())
    }

    fn loose_objects(&self, out: &mut impl Write) -> std::io::Result<()> {
        for object in 0..self.loose {
            let content = format!("loose {object}\n");
            writeln!(out, "blob\ndata {}\n{content}", content.len())?;
        }
        Ok(())
    }
}

/// Makes the history of a state branch longer, as so many commands would have.
pub(crate) fn lengthen_state(workshop: &Workshop, path: &Path, commits: usize) -> anyhow::Result<()> {
    import(workshop, path, &["fast-import", "--quiet"], |out| {
        for commit in 0..commits {
            begin_commit(out, layout::BRANCH, commit)?;
            if commit == 0 {
                writeln!(out, "from {}^0", layout::BRANCH)?;
            }
            writeln!(out)?;
        }
        Ok(())
    })
}

fn begin_commit(out: &mut impl Write, branch: &str, number: usize) -> std::io::Result<()> {
    let time = 1_700_000_000 + number;
    let message = format!("commit {number}");
    writeln!(out, "commit {branch}\ncommitter Bench <bench@bandmaster.invalid> {time} +0000")?;
    writeln!(out, "data {}\n{message}", message.len())
}

fn import(
    workshop: &Workshop,
    path: &Path,
    args: &[&str],
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let written = || -> std::io::Result<File> {
        let mut out = BufWriter::new(tempfile::tempfile_in(workshop.folder())?);
        write(&mut out)?;
        let mut file = out.into_inner()?;
        file.rewind()?;
        Ok(file)
    };
    let stream = written().context("cannot write a history for git")?;
    workshop.git(path, args, Some(stream)).map(drop)
}
