//! Servers of a test's own, which it may kill: PostgreSQL, and a pooler of transactions before it.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use url::Url;

/// A PostgreSQL server on a loopback port; it is thrown away with the value.
pub(crate) struct OwnServer {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl OwnServer {
    /// Makes a cluster and starts it.
    pub(crate) async fn start() -> Self {
        let folder = open_folder();
        let made = as_server(&newest_program("initdb"))
            .args([
                "--username=letterpress",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "-D",
            ])
            .arg(folder.path().join("cluster"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let mut server = Self {
            folder,
            port: free_port(),
            process: None,
        };
        server.run().await;
        server
    }

    /// The address of its first database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://letterpress@127.0.0.1:{}/postgres", self.port)
    }

    /// What a loss of power is to it, disks apart: it dies at once, and starts again from its log.
    pub(crate) async fn restart_at_once(&mut self) {
        self.end("QUIT");
        self.run().await;
    }

    async fn run(&mut self) {
        let folder = self.folder.path();
        let process = as_server(&newest_program("postgres"))
            .arg("-D")
            .arg(folder.join("cluster"))
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
            ])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.display()))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("log")).unwrap())
            .spawn();
        self.process = Some(process.unwrap());
        let until = Instant::now() + Duration::from_secs(30);
        while PgConnection::connect(&self.url()).await.is_err() {
            assert!(Instant::now() < until, "PostgreSQL does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn end(&mut self, signal: &str) {
        if let Some(process) = self.process.take() {
            end(process, signal);
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.end("QUIT");
    }
}

/// pgbouncer in transaction mode before a server.
pub(crate) struct Pooler {
    _folder: TempDir,
    port: u16,
    process: Option<Child>,
    database: String,
}

impl Pooler {
    /// Starts one before the server that `url` names; it has fewer connections to it than its clients to the pooler.
    pub(crate) async fn before(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let (folder, port) = (open_folder(), free_port());
        let config = format!(
            "[databases]\n* = host=127.0.0.1 port={} user={} password={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 5\n\
             max_client_conn = 100\n",
            url.port().unwrap_or(5432),
            url.username(),
            url.password().unwrap_or_default()
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, config).unwrap();
        let process = as_server(Path::new("pgbouncer"))
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let pooler = Self {
            _folder: folder,
            port,
            process: Some(process.unwrap()),
            database: url.path().trim_start_matches('/').to_owned(),
        };
        let until = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < until, "pgbouncer does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        pooler
    }

    /// The address of the same database through the pooler.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://letterpress@127.0.0.1:{}/{}?pooler=true",
            self.port, self.database
        )
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            end(process, "INT");
        }
    }
}

fn end(mut process: Child, signal: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{signal}"), &process.id().to_string()])
        .status();
    let _ = process.wait();
}

/// A folder that the servers' user may use.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// A command as `postgres` where the tests run as root: both servers refuse to be root.
fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"])
        .arg(program);
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The program of the newest PostgreSQL that is installed.
fn newest_program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    newest.map_or_else(
        || PathBuf::from(name),
        |version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{name}")),
    )
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
