//! The database of a test: one of its own, on a server that all tests share, or on one of its own.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::path::Path;
use std::sync::Mutex;

use claims_live::server::Server;
use sqlx::{
    ConnectOptions as _, Executor as _, PgConnection, Row as _, TypeInfo as _, ValueRef as _,
};
use tokio::runtime::{Builder, Runtime};

/// What all tests share. It is stopped with the last test that is at work, because nothing drops a static.
static SHARED: Mutex<Weak<Mutex<Server>>> = Mutex::new(Weak::new());

pub(crate) struct Database {
    pub(crate) server: Arc<Mutex<Server>>,
    name: String,
}

impl Database {
    pub(crate) fn new(_folder: &Path) -> Self {
        let mut shared = SHARED.lock().unwrap();
        let server = shared.upgrade().unwrap_or_else(|| Arc::new(Mutex::new(start())));
        *shared = Arc::downgrade(&server);
        drop(shared);
        Self::on(server)
    }

    /// On a server of its own, which may be killed.
    pub(crate) fn alone() -> Self {
        Self::on(Arc::new(Mutex::new(start())))
    }

    /// The same, and it speaks TLS.
    pub(crate) fn alone_with_tls() -> Self {
        Self::on(Arc::new(Mutex::new(Server::postgres_with_tls().expect("PostgreSQL starts"))))
    }

    fn on(server: Arc<Mutex<Server>>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("gateway_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Self { server, name };
        let url = database.server.lock().unwrap().url();
        let create = format!("CREATE DATABASE {}", database.name);
        runtime().block_on(async { connect(&url).await.execute(&*create).await.unwrap() });
        database
    }

    pub(crate) fn url(&self) -> String {
        let port = self.server.lock().unwrap().port();
        self.url_at(port)
    }

    /// The same through another port, such as that of a pooler.
    pub(crate) fn url_at(&self, port: u16) -> String {
        let url = self.server.lock().unwrap().url_at(port);
        format!("{}/{}", url.rsplit_once('/').unwrap().0, self.name)
    }

    /// What the program is told of it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DATABASE_URL", self.url())]
    }

    /// Rows, each as its columns in one text, and NULL as a dash.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        let rows = runtime().block_on(async {
            // Without parameters all values come as text.
            sqlx::raw_sql(sql).fetch_all(&mut connect(&self.url()).await).await.unwrap()
        });
        let text = |row: &sqlx::postgres::PgRow| {
            let column = |at| {
                let value = row.try_get_raw(at).unwrap();
                let is_truth = value.type_info().name() == "BOOL";
                match row.try_get_unchecked::<Option<String>, _>(at).unwrap() {
                    None => "-".to_owned(),
                    // As SQLite has it.
                    Some(truth) if is_truth => u8::from(truth == "t").to_string(),
                    Some(text) => text,
                }
            };
            (0..row.len()).map(column).collect::<Vec<_>>().join(" ")
        };
        rows.iter().map(text).collect()
    }
}

fn start() -> Server {
    Server::postgres().expect("PostgreSQL starts")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connect(url: &str) -> PgConnection {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}
