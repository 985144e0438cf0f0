//! What a scene proposes to try, for as long as it makes sense.

use crate::sim::{Command, Timeline};

/// What the scene proposes to try; nothing once the person has done it, or it is too late.
#[must_use]
pub fn proposal(timeline: &Timeline) -> &str {
    let scenario = timeline.scenario();
    let late = scenario.try_until.is_some_and(|end| timeline.now() >= end);
    let alike = |wanted: &Command, did: &Command| match (wanted, did) {
        (Command::Stop { how, .. }, Command::Stop { how: done, .. }) => how == done,
        (Command::SetWork { mean_us, .. }, Command::SetWork { mean_us: done, .. }) => {
            *done >= mean_us / 2
        }
        (Command::Layers(wanted), Command::Layers(did)) => {
            std::mem::discriminant(wanted) == std::mem::discriminant(did)
        }
        _ => std::mem::discriminant(wanted) == std::mem::discriminant(did),
    };
    let did = &timeline.commands()[..timeline.commands_done()];
    let wanted = scenario.try_done.as_ref();
    let done = wanted.is_some_and(|wanted| did.iter().any(|acted| alike(wanted, &acted.command)));
    if late || done { "" } else { &scenario.try_this }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Service;
    use crate::scenario;
    use crate::time::Time;

    #[test]
    fn what_was_tried_or_is_too_late_is_not_proposed() {
        let scene = |name: &str| {
            let scene = scenario::by_name(name).expect("the scene is there");
            Timeline::new(scene, 41).expect("it starts")
        };
        let work = |mean_us| Command::SetWork {
            service: Service::Payment,
            mean_us,
        };
        let mut timeline = scene("orders");
        timeline.run_until(Time(1_000_000), u64::MAX);
        assert!(proposal(&timeline).contains("900 ms"));
        timeline.act(work(90_000)).expect("it makes sense");
        assert_ne!(proposal(&timeline), "", "that is not slow");
        timeline.act(work(800_000)).expect("it makes sense");
        assert_eq!(proposal(&timeline), "");
        timeline.seek(Time(500_000), u64::MAX);
        assert_ne!(proposal(&timeline), "", "it is not done yet");

        let mut timeline = scene("slow-payment");
        timeline.run_until(Time(41_000_000), u64::MAX);
        assert_ne!(proposal(&timeline), "");
        timeline.run_until(Time(42_000_000), u64::MAX);
        assert_eq!(proposal(&timeline), "");
    }
}
