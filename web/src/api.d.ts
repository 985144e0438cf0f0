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

/** What a run came to. */
export interface Outcome {
  scenario: string;
  seed: number;
  now_us: number;
  events: number;
  /** 16 hex digits: the same seed and commands give the same. */
  trace_hash: string;
  /** The table that the Metrics tab shows. */
  numbers: { heads: string[]; rows: string[][] };
}

/** What an embedded scene posts to the page around it. It accepts no message. */
export type Message =
  | { millrace: 1; type: "height"; height: number }
  | { millrace: 1; type: "score"; right: number; graded: number; asked: number }
  | { millrace: 1; type: "error"; message: string };
