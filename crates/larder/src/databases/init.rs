//! `larder sumdb init`: an empty log of one's own, signed.

use anyhow::{Context, bail};
use serde_json::json;
use storage::{Data, OpenOptions, Store};

use crate::{
    config::Printed,
    databases::rotate_plan::NONE,
    engine::own_log,
    settings::{Own, Settings},
};

/// Begins the log if there is none, and says what there is now.
pub(super) async fn init(settings: &Settings, json: bool) -> anyhow::Result<Printed> {
    let Some(own) = &settings.own else { bail!(NONE) };
    let data =
        Data::open(&settings.data.value, OpenOptions { read_only_ok: false, ..OpenOptions::default() })?;
    let store = Store::open(&data);
    let before = store.head(&own.name.value).await?;
    let log = own_log(own, &store).await?;
    let size = log.head().await.context("the log was begun, and cannot be read")?.size;
    let begun = before.is_none();
    let out = if json { object(own, begun, size) } else { text(own, begun, size) };
    Ok(Printed { out, ..Printed::default() })
}

fn text(own: &Own, begun: bool, size: u64) -> String {
    let (name, head) = (&own.name.value, own.head.value.display());
    if begun {
        format!(
            "{name} is begun: an empty log, signed. Its newest head is in {head} too; never put an older one there.\n"
        )
    } else {
        format!("{name} was begun before, and has {size} records\n")
    }
}

fn object(own: &Own, begun: bool, size: u64) -> String {
    let head = own.head.value.to_string_lossy();
    let key = own.verifier.to_string();
    format!(
        "{:#}\n",
        json!({"name": own.name.value.as_str(), "key": key, "begun": begun, "size": size, "head": head})
    )
}
