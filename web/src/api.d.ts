/** What `run` and `new Simulation` take, as JSON text. */
export interface Run {
  /** A scenario's name; `orders` if left out. */
  scenario?: string;
  /** The seed; 41 if left out. */
  seed?: number;
  /** How far `run` goes, in microseconds; a minute if left out. */
  until_us?: number;
  /** What is done, each with its time: `{"at_us": 12000000, "set_rate": {"per_s": 30}}`. */
  commands?: Array<{ at_us: number; instant?: number } & Record<string, unknown>>;
}

/** What a run came to so far: what `millrace run --json` prints. */
export interface Outcome {
  scenario: string;
  seed: number;
  /** How far it was played, in microseconds. */
  until_us: number;
  /** How many events that took. */
  events: number;
  /** 16 hex digits: the same seed and commands give the same. */
  trace_hash: string;
  /** The shop where the customer waits for everything, if there is one. */
  sync?: SyncOrders;
  /** The shop that answers when the log has the order, if there is one. */
  async?: AsyncOrders;
  /** The producers, where there are no shops. */
  producers?: ProducerSummary;
  /** By name. */
  topics: Record<string, { partitions: PartitionSummary[] }>;
  /** By name. */
  groups: Record<string, GroupSummary>;
  promises: PromiseSummary;
}

/** What became of the records of plain producers. */
export interface ProducerSummary {
  /** Those that a producer was told are appended. */
  acked: number;
  /** Those that were in a batch that a producer gave up on; they may be in the log all the same. */
  failed: number;
}

/** Orders in the synchronous shop. */
export interface SyncOrders {
  placed: number;
  /** Answered with all of it done. */
  completed: number;
  /** Shipped, also to customers who had stopped waiting. */
  shipped: number;
  /** Customers who stopped waiting. */
  gave_up: number;
  /** Declined by payment. */
  declined: number;
  /** Told that it failed. */
  refused: number;
  /** Customers who still wait. */
  waiting: number;
  /** Given up on by a service after it was taken up. */
  lost: number;
  /** Worked on twice by some service. */
  duplicated: number;
  /** How long an answer took; null before the first. */
  response_ms: Times | null;
}

/** Orders in the asynchronous shop. */
export interface AsyncOrders {
  placed: number;
  /** Told that they are accepted. */
  answered: number;
  shipped: number;
  /** Declined by payment. */
  declined: number;
  /** Told that they are accepted, then declined. */
  confirmed_then_declined: number;
  /** In the dead-letter topic. */
  dead_lettered: number;
  /** Told that it failed. */
  refused: number;
  /** Customers who stopped waiting. */
  gave_up: number;
  /** Customers who still wait. */
  waiting: number;
  /** Accepted and not yet paid for or declined. */
  unpaid: number;
  /** Accepted and not yet finished. */
  open: number;
  /** Accepted and not in the log. */
  lost: number;
  /** Worked on twice by some service. */
  duplicated: number;
  /** How long an answer took; null before the first. */
  response_ms: Times | null;
  /** From placing to shipping; null before the first. */
  shipped_ms: Times | null;
}

/** A distribution of waits, in milliseconds, by nearest rank. */
export interface Times {
  p50: number;
  p99: number;
  max: number;
}

/** A partition. */
export interface PartitionSummary {
  log_start_offset: number;
  /** Records below it are committed. */
  high_watermark: number;
  /** The next offset to be written. */
  log_end_offset: number;
  bytes: number;
}

/** A consumer group. */
export interface GroupSummary {
  /** What it reads. */
  topic: string;
  /** Records that it has not committed. */
  lag: number;
}

/** The guarantees by how they stand. */
export interface PromiseSummary {
  /** Promised, and held. */
  held: string[];
  /** Promised, and broken: a bug in Millrace. */
  broken: string[];
  /** Not promised by the settings in force, held or not. */
  not_promised: string[];
  /** Those of `not_promised` that did not hold. */
  lessons: Breached[];
  /** What shows that those of `broken` did not hold. */
  bugs: Breached[];
}

/** A guarantee that did not hold. */
export interface Breached {
  promise: string;
  /** How often. */
  times: number;
  first_at_us: number;
  /** What shows it. */
  witness: string;
  /** The setting that allows it. */
  because: string | null;
}

/** What `millrace.js` gives: `millrace.then(({ run }) => …)`. */
export interface Millrace {
  /** Runs what the JSON text says and returns what came of it. */
  run(json: string): Outcome;
  /**
   * Puts the page into an element of yours, at the state of a link (its fragment, its query or the
   * whole address; the first scene if left out).
   */
  mount(element: Element, link?: string): Promise<void>;
  /** A run under a script's control. */
  Simulation: typeof Simulation;
  /** The engine's version. */
  version(): string;
}

/** What an embedded scene posts to the page around it. It accepts no message. */
export type Message =
  | { millrace: 1; type: "height"; height: number }
  | { millrace: 1; type: "score"; right: number; graded: number; asked: number }
  | { millrace: 1; type: "error"; message: string };
