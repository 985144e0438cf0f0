//! Stream tasks on the Cluster page: a worker dies, its tasks move and are restored.

use super::Visit;

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_stream_worker_dies_and_its_tasks_move() {
    let visit = Visit::to("?scenario=hashtags#cluster");
    visit.pause();
    visit.seek(20_000);
    let told = visit.text("explain");
    assert!(told.contains("3 workers have 6 of the 6 tasks"), "{told}");
    visit.seek(26_000);
    let told = visit.text("explain");
    assert!(told.contains("Worker 2 was killed 1.9 s ago"), "{told}");
    visit.seek(32_000);
    let told = visit.text("explain");
    assert!(
        told.contains("Task 1_1 moved from worker 2 to worker"),
        "{told}"
    );
    assert!(told.contains("changes from its changelog in"), "{told}");

    visit.tab("faults");
    visit.click("kill-worker-1");
    visit.settle();
    visit.tab("explain");
    let told = visit.text("explain");
    assert!(told.contains("Worker 1 was killed"), "{told}");
    assert!(told.contains("stand still"), "{told}");
    visit.ends_well();
}
