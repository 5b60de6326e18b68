//! Pictures as files that a message can show.

use crate::surface::answer::Picture;
use crate::surface::render::image::{self, Image};

/// Draws a picture, on a thread that may take its time. `None` if that fails: the answer says it in words too.
pub(super) async fn drawn(picture: &Picture) -> Option<Image> {
    let picture = picture.clone();
    match tokio::task::spawn_blocking(move || image::png(&picture)).await {
        Ok(Ok(image)) => Some(image),
        Ok(Err(error)) => {
            tracing::warn!("a picture cannot be drawn: {error}");
            None
        }
        Err(error) => {
            tracing::warn!("drawing a picture failed: {error}");
            None
        }
    }
}
