//! How soon people on Discord hear from the bot, and what it costs to be there. Discord itself is the local one.

mod burst;
mod chat;
mod present;
mod typing;

use std::sync::Arc;

use crate::bench::figure::Findings;
use crate::bench::workshop::Workshop;

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let mut findings = burst::measure(workshop).await?;
    for more in [typing::measure(workshop).await?, present::measure(workshop).await?] {
        findings.figures.extend(more.figures);
        findings.timings.extend(more.timings);
    }
    Ok(findings)
}
