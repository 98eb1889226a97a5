//! Keeps a recording: its media URL, for a later download.

use serde::{Deserialize, Serialize};

use super::table::{self, Job};
use crate::fault::Fault;
use crate::store::Store;

/// A recording that is ready.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Recording {
    pub(crate) tenant: String,
    pub(crate) sid: String,
    pub(crate) call_id: String,
    /// With `.mp3`: without it Twilio gives WAV.
    pub(crate) media_url: String,
    pub(crate) duration_s: Option<i64>,
}

impl Recording {
    /// One transaction with the end of the job, so it is done once.
    pub(super) async fn run(self, store: &Store, job: Job) -> Result<(), Fault> {
        let stored = store.write(move |sql| {
            sql.execute(
                "INSERT INTO recordings (tenant, sid, call_id, media_url, duration_s, stored)
                VALUES (?1, ?2, ?3, ?4, ?5, 1)
                ON CONFLICT (tenant, sid) DO UPDATE SET
                    media_url = excluded.media_url, duration_s = excluded.duration_s,
                    stored = recordings.stored + 1",
                &[
                    (&self.tenant).into(),
                    (&self.sid).into(),
                    (&self.call_id).into(),
                    (&self.media_url).into(),
                    self.duration_s.into(),
                ],
            )?;
            table::done(sql, &job)
        });
        stored.await
    }
}
