use super::*;

impl Traced for u32 {
    fn trace(&self) -> (u32, u64) {
        (32, u64::from(*self))
    }

    fn again(&self) -> Option<Self> {
        Some(*self)
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

#[test]
fn what_waits_for_a_frozen_process_comes_in_order_when_it_goes_on() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.freeze(b, Time(50_000));
    for n in 0..5 {
        kernel.send(a, b, n);
    }
    kernel.wake(b, Time(2_000), Timer::Producer);
    let mut told = Vec::new();
    let mut sent = false;
    while let Some(delivery) = kernel.dispatch() {
        if kernel.now() == Time(2_000) && !sent {
            // What it sends then arrives in the very microsecond in which `b` goes on.
            kernel.wake(a, Time(49_000), Timer::Consumer);
            sent = true;
        }
        match delivery {
            Delivery::Message(message) => told.push((kernel.now().0, message.body)),
            Delivery::Timer(node, _) if node == a => {
                kernel.send(a, b, 5);
            }
            Delivery::Timer(..) => told.push((kernel.now().0, 100)),
            Delivery::Thawed(node) => assert_eq!(node, b),
            _ => {}
        }
    }
    let order: Vec<u32> = told.iter().map(|(_, what)| *what).collect();
    assert_eq!(order, [0, 1, 2, 3, 4, 100, 5]);
    assert!(told.iter().all(|(at, _)| *at == 50_000), "{told:?}");
}

#[test]
fn a_process_goes_on_before_its_time_or_later_and_a_killed_one_forgets() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.freeze(b, Time(50_000));
    kernel.freeze(b, Time(80_000));
    kernel.send(a, b, 1);
    assert_eq!(arrivals(&mut kernel), [1]);
    assert_eq!(kernel.now(), Time(80_000));
    kernel.freeze(b, Time(200_000));
    kernel.send(a, b, 2);
    assert!(matches!(kernel.dispatch(), Some(Delivery::Nothing)));
    kernel.thaw(b);
    assert!(matches!(kernel.dispatch(), Some(Delivery::Nothing)));
    assert!(matches!(kernel.dispatch(), Some(Delivery::Thawed(_))));
    assert!(matches!(kernel.dispatch(), Some(Delivery::Message(m)) if m.body == 2));
    assert_eq!(kernel.now(), Time(81_000));
    assert!(!kernel.is_frozen(b));
    kernel.freeze(b, Time(300_000));
    kernel.send(a, b, 3);
    kernel.dispatch();
    kernel.take_down(b, false);
    kernel.bring_up(b);
    assert_eq!(arrivals(&mut kernel), [0_u32; 0]);
}

#[test]
fn a_link_may_be_slow_late_or_say_things_twice_until_it_is_healed() {
    let (mut kernel, a, b) = pair(Dist::Constant { us: 1_000 });
    kernel.set_slow(a, b, 7.5);
    assert_eq!(kernel.send(a, b, 1), Time(7_500));
    assert_eq!(kernel.send(b, a, 1), Time(7_500));
    kernel.heal();
    arrivals(&mut kernel);
    kernel.set_late(a, b, 0.5, Span::millis(30));
    let begin = kernel.now();
    let late = (0..400).filter(|n| {
        // Whoever waits behind a late one is late too, here behind the word that the connection
        // before is closed.
        kernel.disconnect(a, b);
        kernel.send(a, b, *n) == begin + Span::millis(31)
    });
    let late = late.count();
    assert!(
        (270..330).contains(&late),
        "three in four, not {late} of 400"
    );
    kernel.disconnect(a, b);
    kernel.heal();
    arrivals(&mut kernel);
    kernel.set_twice(a, b, 0.5);
    for n in 0..400 {
        kernel.send(a, b, n);
    }
    let mut seen = arrivals(&mut kernel);
    assert!((550..650).contains(&seen.len()), "{} of 400", seen.len());
    assert!(seen.is_sorted());
    seen.dedup();
    assert_eq!(seen, (0..400).collect::<Vec<_>>());
    kernel.heal();
    for n in 0..100 {
        kernel.send(a, b, n);
    }
    assert_eq!(arrivals(&mut kernel).len(), 100);
}
