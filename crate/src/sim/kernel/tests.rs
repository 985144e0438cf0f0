use super::*;

impl Traced for u32 {
    fn trace(&self) -> (u32, u64) {
        (32, u64::from(*self))
    }
}

fn pair(latency: Dist) -> (Kernel<u32>, NodeId, NodeId) {
    let mut kernel = Kernel::new(9, latency);
    let (a, b) = (kernel.add_node(), kernel.add_node());
    (kernel, a, b)
}

fn arrivals(kernel: &mut Kernel<u32>) -> Vec<u32> {
    let mut seen = Vec::new();
    while let Some(delivery) = kernel.dispatch() {
        if let Delivery::Message(message) = delivery {
            seen.push(message.body);
        }
    }
    seen
}

#[test]
fn a_connection_keeps_order_whatever_the_latencies_and_losses() {
    let (mut kernel, a, b) = pair(Dist::Exponential { mean_us: 2_000 });
    kernel.set_loss(a, b, 0.3);
    for n in 0..500 {
        kernel.send(a, b, n);
    }
    assert_eq!(arrivals(&mut kernel), (0..500).collect::<Vec<_>>());
    assert!(
        kernel.now() > Time(200_000),
        "something was lost and sent again"
    );
}

#[test]
fn a_cut_holds_and_mending_delivers_in_order() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.send(a, b, 1);
    kernel.cut(a, b);
    kernel.send(a, b, 2);
    assert_eq!(arrivals(&mut kernel), [0u32; 0]);
    kernel.heal();
    kernel.send(a, b, 3);
    assert_eq!(arrivals(&mut kernel), [1, 2, 3]);
}

/// Each direction of each connection by itself, whatever is lost, cut and mended meanwhile.
#[test]
fn no_connection_reorders_through_losses_cuts_and_mending() {
    for seed in 0..60 {
        let mut kernel = Kernel::new(seed, Dist::Exponential { mean_us: 3_000 });
        let nodes = [(); 3].map(|()| kernel.add_node());
        let mut rng = Rng::new(seed, Salt::Faults, 7);
        let (mut sent, mut heard) = ([0_u32; 9], [0_u32; 9]);
        let mut hear = |delivery| {
            if let Delivery::Message(Message { body, .. }) = delivery {
                let (link, n) = ((body >> 16) as usize, body & 0xffff);
                assert_eq!(n, heard[link], "seed {seed}: from {link} / 3 to {link} % 3");
                heard[link] += 1;
            }
        };
        for _ in 0..400 {
            let from = rng.below(3) as usize;
            let to = (from + 1 + rng.below(2) as usize) % 3;
            match rng.below(20) {
                0 => kernel.cut(nodes[from], nodes[to]),
                1 => kernel.set_loss(nodes[from], nodes[to], 0.4),
                2 => kernel.heal(),
                3..12 => {
                    let link = from * 3 + to;
                    let body = (link as u32) << 16 | sent[link];
                    sent[link] += 1;
                    kernel.send(nodes[from], nodes[to], body);
                }
                _ => {
                    let _ = kernel.dispatch().map(&mut hear);
                }
            }
        }
        kernel.heal();
        while let Some(delivery) = kernel.dispatch() {
            hear(delivery);
        }
        assert_eq!(heard, sent, "seed {seed}: all arrive at last");
    }
}

#[test]
fn a_new_connection_does_not_wait_for_what_the_old_one_sends_again() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.set_loss(a, b, 0.9);
    while kernel.send(a, b, 1) < Time(60_000_000) {}
    kernel.heal();
    kernel.disconnect(a, b);
    assert_eq!(kernel.send(a, b, 2), Time(1_000));
}

#[test]
fn what_was_meant_for_a_dead_process_never_reaches_its_successor() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.send(a, b, 1);
    kernel.wake(b, Time(500), Timer::Producer);
    kernel.take_down(b, false);
    kernel.bring_up(b);
    let mut told = Vec::new();
    while let Some(delivery) = kernel.dispatch() {
        match delivery {
            Delivery::Disconnected(node, peer) => told.push((node, peer)),
            Delivery::Nothing => {}
            other => panic!("{other:?} reached a process it was not meant for"),
        }
    }
    assert_eq!(
        told,
        [(a, b)],
        "the sender learns once that the connection is gone"
    );
}

#[test]
fn the_last_words_of_a_process_that_ends_by_itself_are_heard() {
    let (mut kernel, a, b) = pair(Dist::Exponential { mean_us: 1_000 });
    kernel.send(b, a, 7);
    kernel.take_down(b, true);
    assert!(matches!(kernel.dispatch(), Some(Delivery::Message(m)) if m.body == 7));
    assert!(matches!(kernel.dispatch(), Some(Delivery::Disconnected(node, _)) if node == a));
}

#[test]
fn a_message_to_nobody_is_refused_and_the_sender_told() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.take_down(b, false);
    kernel.send(a, b, 1);
    assert!(matches!(kernel.dispatch(), Some(Delivery::Nothing)));
    assert!(matches!(kernel.dispatch(), Some(Delivery::Disconnected(node, _)) if node == a));
    assert_eq!(kernel.now(), Time(2_000), "one latency there, one back");
}

#[test]
fn the_hash_tells_apart_what_differs_and_only_that() {
    let run = |body: u32| {
        let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
        kernel.send(a, b, body);
        arrivals(&mut kernel);
        kernel.hash()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
