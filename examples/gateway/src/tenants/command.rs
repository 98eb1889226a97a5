//! `gateway tenant`: what an operator does at a terminal. A running service sees it in two seconds.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use twilio_sig::AuthToken;
use zeroize::Zeroizing;

use super::rows;
use crate::clock;
use crate::exit::Failure;
use crate::settings::{Settings, TenantCommand};
use crate::store::Store;
use crate::vault::Vault;

/// The longest id of a tenant.
const MAX_ID_LEN: usize = 64;

pub(crate) async fn run(settings: Settings, command: TenantCommand) -> Result<(), Failure> {
    let store = Store::open(&settings.database_url).await?;
    let has_sealed = !rows::all(&store).await?.is_empty();
    let vault = || Vault::open(&settings.key_file, has_sealed);
    match command {
        TenantCommand::Add { id, account_sid, number } => {
            if !is_id(&id) {
                return Err(format!("{id} is no id: letters, digits, `-` and `_`").into());
            }
            let token = vault()?.seal(&id, &read_token()?)?;
            let account_sid = account_sid.as_deref();
            if !rows::add(&store, &id, account_sid, &number, &token).await? {
                return Err(format!("{id}, or one of its numbers, is there already").into());
            }
            say(&format!("added {id}, path /t/{id}/"))
        }
        TenantCommand::List => list(&store).await,
        TenantCommand::Rotate { id, drop_secondary: true } => {
            known(rows::drop_secondary(&store, &id).await?, &id)?;
            say(&format!("{id} has its primary token alone"))
        }
        TenantCommand::Rotate { id, drop_secondary: false } => {
            let token = vault()?.seal(&id, &read_token()?)?;
            known(rows::rotate(&store, &id, &token).await?, &id)?;
            say(&format!("rotated {id}: the old token is accepted until `--drop-secondary`"))
        }
        TenantCommand::Disable { id } => {
            known(rows::set_active(&store, &id, false).await?, &id)?;
            say(&format!("disabled {id}"))
        }
        TenantCommand::Enable { id } => {
            known(rows::set_active(&store, &id, true).await?, &id)?;
            say(&format!("enabled {id}"))
        }
    }
}

async fn list(store: &Store) -> Result<(), Failure> {
    for row in rows::all(store).await? {
        let state = if row.active { "active" } else { "disabled" };
        let account = row.account_sid.as_deref().unwrap_or("any account");
        let primary = row.primary_used_at.map_or_else(|| "never".into(), clock::show);
        let secondary = match (&row.secondary_token, row.secondary_used_at) {
            (None, _) => "none".into(),
            (Some(_), None) => "never used".into(),
            (Some(_), Some(at)) => format!("last used {}", clock::show(at)),
        };
        let numbers = row.numbers.join(" ");
        say(&format!(
            "{}\t{state}\t{account}\t{numbers}\tprimary last used {primary}\tsecondary {secondary}",
            row.id
        ))?;
    }
    Ok(())
}

/// The token on the first line of standard input, if it can be one.
fn read_token() -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        io::stderr().write_all(b"auth token: ")?;
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    let token = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    AuthToken::new(token.as_str())?;
    Ok(token)
}

/// Whether it is fit for a path.
pub(crate) fn is_id(id: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !id.is_empty() && id.len() <= MAX_ID_LEN && id != super::DEFAULT && id.bytes().all(is_legal)
}

fn known(found: bool, id: &str) -> Result<(), Failure> {
    if found { Ok(()) } else { Err(format!("there is no tenant {id}").into()) }
}

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
