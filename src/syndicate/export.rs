//! Every feed as files, for a static host: the bytes that `serve` would send, with `.gz` and `.br` beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::app::App;
use crate::feed::{Bodies, Coding, Shelf, Slot};
use crate::model::feed_key::{FeedKey, Format};
use crate::template::context::Frame;

use super::{SyndicateError, answer, lists, refresh, render};

/// Lists what an export wrote, so that the next one removes what is no feed any more and nothing else.
const MANIFEST: &str = ".letterpress-feeds";
const DRAFT: &str = ".letterpress-draft";

/// Told as an export goes on: documents written, documents in all.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// What an export did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Documents, not counting compressed copies.
    pub documents: u64,
    /// Files that were not there or not the same.
    pub written: u64,
    /// Files of feeds that are no more.
    pub removed: u64,
}

/// Brings the feeds up to date and writes all of them under `dir`. A file is written under another name and moved, so
/// that none is ever half there; one that holds the same bytes already is left alone.
pub async fn export(app: &App, dir: &Path, progress: Progress<'_>) -> Result<Exported, SyndicateError> {
    refresh(app).await?;
    let shelf = app.feeds.shelf();
    let slots: Vec<&Arc<Slot>> = shelf.slots().filter(|slot| !answer::is_over(&slot.plan, app)).collect();
    let others = shelf.others();
    let settings = app.settings();
    let formats = settings.feeds.formats.as_slice();
    let keys = |slot: &Slot| {
        let key = |format: &Format| FeedKey {
            scope: slot.plan.scope.clone(),
            format: *format,
        };
        formats.iter().map(|format| key(format).path()).collect::<Vec<_>>()
    };
    let pages = pages(app, &shelf)?;
    let mut planned: Vec<String> = others.keys().map(|path| file_of(path).to_owned()).collect();
    planned.extend(pages.keys().map(|path| (*path).to_owned()));
    planned.sort();
    planned.dedup();
    planned.extend(slots.iter().flat_map(|slot| keys(slot)));
    let all = planned.len() as u64;
    let mut files = Files::open(dir, &planned)?;
    for (path, document) in others {
        if !pages.contains_key(file_of(path)) {
            files.put_document(file_of(path), document.bodies())?;
            progress(files.done.documents, all);
        }
    }
    for (path, text) in &pages {
        files.put_document(path, &Bodies::of(text))?;
        progress(files.done.documents, all);
    }
    for slot in slots {
        let documents = match slot.fresh() {
            Some(documents) => documents,
            None => match render::on_demand(app, slot).await {
                // A term of which nothing can be printed takes no other feed down.
                Err(SyndicateError::Unrendered(feed)) if slot.plan.scope.term().is_some() => {
                    tracing::error!(feed, "a feed stays as the export before wrote it");
                    files.keep(&keys(slot));
                    continue;
                }
                documents => documents?,
            },
        };
        for (path, format) in keys(slot).iter().zip(formats) {
            files.put_document(path, documents[*format as usize].bodies())?;
            progress(files.done.documents, all);
        }
    }
    files.close()
}

/// What has to be other than this service would send it: the style of pages, which is there none of the feeds, and the page of
/// feeds, where they are on another host.
fn pages(app: &App, shelf: &Shelf) -> Result<BTreeMap<&'static str, String>, SyndicateError> {
    let settings = app.settings();
    let mut pages = BTreeMap::from([("pages.css", app.templates.css(&settings.site.theme))]);
    if settings.feeds.base_url != settings.http.public_url {
        let frame = Frame::elsewhere(&settings, &settings.site.language);
        let page = lists::page(&app.templates, &settings, &lists::shown(shelf.slots()), frame)?;
        pages.insert("feeds/index.html", page);
    }
    Ok(pages)
}

/// A static host shows a folder's index where this service answers at the folder's name.
fn file_of(path: &str) -> &str {
    if path == "feeds" { "feeds/index.html" } else { path }
}

/// The files under one folder.
#[derive(Debug)]
struct Files {
    dir: PathBuf,
    before: BTreeSet<String>,
    now: BTreeSet<String>,
    done: Exported,
}

impl Files {
    /// Lists what is about to be written before any of it is, so that what a crash leaves behind is known next time.
    fn open(dir: &Path, planned: &[String]) -> Result<Self, SyndicateError> {
        make_folder(dir)?;
        let listed = match std::fs::read_to_string(dir.join(MANIFEST)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(&dir.join(MANIFEST), error)),
        };
        let mut before: BTreeSet<String> = listed
            .lines()
            .filter(|line| stays_inside(line))
            .map(str::to_owned)
            .collect();
        before.extend(
            planned
                .iter()
                .flat_map(|path| ["", ".gz", ".br"].map(|ending| format!("{path}{ending}"))),
        );
        sweep(dir, &before)?;
        write_list(dir, &before)?;
        Ok(Self {
            dir: dir.to_owned(),
            before,
            now: BTreeSet::new(),
            done: Exported::default(),
        })
    }

    /// Leaves documents as they are, where they are.
    fn keep(&mut self, paths: &[String]) {
        let copies = |path: &String| ["", ".gz", ".br"].map(|ending| format!("{path}{ending}"));
        self.now.extend(paths.iter().flat_map(copies));
    }

    fn put_document(&mut self, path: &str, bodies: &Bodies) -> Result<(), SyndicateError> {
        self.put(path, bodies.identity())?;
        self.put(&format!("{path}.gz"), &bodies.get(Coding::Gzip))?;
        self.put(&format!("{path}.br"), &bodies.get(Coding::Brotli))?;
        self.done.documents += 1;
        Ok(())
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), SyndicateError> {
        let target = self.dir.join(path);
        if write_if_other(&target, bytes)? {
            self.done.written += 1;
        }
        self.now.insert(path.to_owned());
        Ok(())
    }

    /// Removes what is no feed any more, and lists what is.
    fn close(mut self) -> Result<Exported, SyndicateError> {
        let gone: Vec<String> = self.before.difference(&self.now).cloned().collect();
        for path in gone {
            let target = self.dir.join(&path);
            match std::fs::remove_file(&target) {
                Ok(()) => self.done.removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&target, error)),
            }
            // Only a folder that holds nothing else goes with the last file in it.
            if let Some(folder) = target.parent().filter(|folder| *folder != self.dir) {
                let _ = std::fs::remove_dir(folder);
            }
        }
        write_list(&self.dir, &self.now)?;
        Ok(self.done)
    }
}

/// Removes what an export left half-written that was cut off.
fn sweep(dir: &Path, paths: &BTreeSet<String>) -> Result<(), SyndicateError> {
    let beside = paths
        .iter()
        .filter_map(|path| dir.join(path).parent().map(Path::to_owned));
    let folders: BTreeSet<PathBuf> = beside.chain([dir.to_owned()]).collect();
    for draft in folders.iter().map(|folder| folder.join(DRAFT)) {
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&draft, error)),
            _ => {}
        }
    }
    Ok(())
}

fn write_list(dir: &Path, paths: &BTreeSet<String>) -> Result<(), SyndicateError> {
    let mut list = paths.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    list.push('\n');
    write_if_other(&dir.join(MANIFEST), list.as_bytes()).map(drop)
}

fn stays_inside(path: &str) -> bool {
    let path = Path::new(path);
    path.components().next().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn write_if_other(target: &Path, bytes: &[u8]) -> Result<bool, SyndicateError> {
    if std::fs::read(target).is_ok_and(|there| there == bytes) {
        return Ok(false);
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let draft = folder.join(DRAFT);
    std::fs::write(&draft, bytes).map_err(|error| failed(&draft, error))?;
    std::fs::rename(&draft, target).map_err(|error| failed(target, error))?;
    Ok(true)
}

fn make_folder(folder: &Path) -> Result<(), SyndicateError> {
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))
}

fn failed(path: &Path, error: io::Error) -> SyndicateError {
    SyndicateError::File {
        path: path.to_owned(),
        error,
    }
}
