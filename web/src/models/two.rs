//! What the panels of the Lambda · Kappa page show.

use crate::lab::Lab;
use crate::panel::layers::{LayersFaultsData, LayersMetrics, LayersNow};
use millrace::layers::LayersSpec;
use millrace::sim::{Node, Status};
use millrace::time::Span;
use millrace::view::layers::scene::LayersScene;
use millrace::view::panel::Asked;
use millrace::view::{layers, numbers};

/// What happens now.
pub fn now(lab: &Lab, asked: Vec<Asked>) -> LayersNow {
    let timeline = lab.timeline();
    let mut explain = layers::explain::explain(timeline);
    // What to watch stands under the stage.
    explain.hint.clear();
    LayersNow {
        explain,
        asked,
        what_if: layers::explain::what_if(timeline),
        figures: layers::explain::figures_table(timeline, false),
        formulas: layers::explain::formulas_table(timeline),
        promises: numbers::promises(timeline.moment()),
        twitter: layers::explain::is_twitter(timeline),
    }
}

/// All figures, and the pictures as tables.
pub fn metrics(lab: &Lab, scene: &LayersScene) -> LayersMetrics {
    let timeline = lab.timeline();
    LayersMetrics {
        figures: layers::explain::figures_table(timeline, true),
        tables: layers::explain::twins(timeline, scene),
    }
}

/// Everything a person can do.
pub fn faults(lab: &Lab) -> LayersFaultsData {
    let world = &lab.timeline().moment().world;
    let nodes = world.nodes().filter(|(.., node)| {
        matches!(
            node,
            Node::Broker(_) | Node::Batch(_) | Node::StreamJob(_) | Node::Serving(_)
        )
    });
    let layers = world.layers();
    LayersFaultsData {
        set: layers.map_or_else(LayersSpec::default, |layers| (*layers.set).clone()),
        code: layers::explain::code_places(world),
        nodes: nodes
            .map(|(_, name, status, _)| (name.to_owned().into(), status == Status::Up))
            .collect(),
        per_s: world.settings().per_s,
        late: world.settings().late,
        retention: layers.map_or(Span::ZERO, |layers| layers.retention),
    }
}
