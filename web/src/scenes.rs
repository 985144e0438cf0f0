//! The pictures of the pages with a stage.

use crate::ui::Page;
use millrace::view::clickstream::{ClickScene, Heavy, Own};
use millrace::view::cluster::ClusterScene;
use millrace::view::layers::scene::LayersScene;
use millrace::view::orders::OrdersScene;

/// What the pages with a stage show; the one that is open is kept up to date.
#[derive(Default)]
pub struct Scenes {
    /// The page that is open.
    pub page: Page,
    /// Two shops.
    pub orders: OrdersScene,
    /// Their brokers.
    pub cluster: ClusterScene,
    /// Those of the run beside, while two are compared.
    pub beside: ClusterScene,
    /// Two architectures.
    pub layers: LayersScene,
    /// Visitors' clicks.
    pub clicks: ClickScene,
    /// A person's own clicks, in place of the scene's once they are read.
    pub own: Option<Own>,
    /// Models that are loaded when somebody looks at them; none before that.
    pub heavy: Heavy,
}

impl Scenes {
    /// A person's own clicks, if they are read.
    pub fn own(&self) -> Option<&Own> {
        self.own.as_ref().filter(|own| own.is_done())
    }
}
