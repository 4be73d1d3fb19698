// What the page knows of a run in training: made of its records, without any element of the page.

const curve = 4000;
const window = 12_000;
const fresh = () => ({ clock: 0, losses: [], leads: [], recent: [], moves: 0, worker: null, waitsSince: null, lead: 0, loss: null, last: 0 });

export class RunRecord {
  constructor(modelBlocks) {
    this.modelBlocks = modelBlocks;
    this.reset();
  }

  reset() {
    this.blocks = [];
    this.target = null;
    this.outcome = null;
    this.throughput = null;
    this.epochs = [];
    this.staleness = null;
    this.events = [];
    this.policies = {};
    this.counted = 0;
    this.newest = 0;
    this.received = 0;
    this.starts = 0;
    this.replicas = 1;
  }

  /** Time of the records, as it goes on since the newest came. */
  now() {
    return this.newest + (performance.now() - this.received);
  }

  take(type, data) {
    if (type === "rewound") {
      this.reset();
      return;
    }

    const at = Date.parse(data.at);
    if (at > this.newest) {
      [this.newest, this.received] = [at, performance.now()];
    }

    switch (type) {
      case "start": this.start(data, at); break;
      case "steps": this.steps(data, at); break;
      case "throughput": this.throughput = data; break;
      case "epoch": this.epochs.push(data); break;
      case "staleness": this.staleness = data.blocks; break;
      case "policies": this.switched(data, at); break;
      case "restart": this.tell(at, "fault", `${data.what} failed and begins again from its last state: ${String(data.cause).split("\n")[0]}`, numberIn(data.what)); break;
      case "leaseRevoked": this.tell(at, "fault", `Lease of ${data.worker} on block ${data.block} taken back: ${data.reason}`, data.block); break;
      case "commitRefused": this.tell(at, "fault", `Late commit of block ${data.block} by ${data.worker} refused`, null); break;
      case "replayOff": this.tell(at, "note", data.reason, null); break;
      case "end": this.end(data, at); break;
      default: break;
    }
  }

  start(data, at) {
    this.outcome = null;
    this.target = data.target;
    this.policies = data.policies ?? {};
    this.replicas = this.modelBlocks ? Math.max(1, data.clocks.length / this.modelBlocks) : 1;
    data.clocks.forEach((clock, i) => (this.blocks[i] = { ...(this.blocks[i] ?? fresh()), clock }));
    if (this.starts++ > 0) {
      this.tell(at, "note", `Goes on after ${data.clocks.reduce((sum, clock) => sum + clock, 0)} block steps`, null);
    }
  }

  row(data) {
    return data.replica ? (data.block - 1) * this.replicas + data.replica - 1 : data.block - 1;
  }

  steps(data, at) {
    const block = (this.blocks[this.row(data)] ??= fresh());
    block.moves += block.worker && block.worker !== data.worker ? 1 : 0;
    if (block.waitsSince !== null) {
      this.tell(at, "recovery", `Block ${data.block} is trained again by ${data.worker}, ${((at - block.waitsSince) / 1000).toFixed(1)} s later`, null);
      block.waitsSince = null;
    }

    Object.assign(block, { clock: data.clock, lead: data.lead, loss: data.loss, worker: data.worker, last: at });
    block.losses.push(data.squaredError ?? data.loss);
    block.leads.push(data.lead);
    block.recent.push([at, data.clock]);
    block.recent = block.recent.filter(([time]) => at - time <= window);
    if (block.losses.length > curve) {
      // Old points become coarser: the curve keeps its shape, and the page its size.
      block.losses = block.losses.filter((_, i) => i % 2 === 1);
    }

    block.leads = block.leads.slice(-100);
  }

  switched(data, at) {
    const changes = Object.entries(data.policies).filter(([name, text]) => this.policies[name] !== text).map(([name, text]) => `${name} ${this.policies[name] ?? "?"} → ${text}`);
    this.policies = data.policies;
    this.tell(at, "switch", `Policies after ${data.steps} block steps: ${changes.join(", ") || "the same"}`, null);
  }

  end(data, at) {
    this.outcome = data.outcome;
    this.tell(at, data.outcome === "failed" ? "fault" : "note", `The run has ended: ${data.outcome}${data.reason ? `, ${data.reason}` : ""}`, null);
  }

  tell(at, kind, text, block) {
    this.events.unshift({ at, kind, text, number: ++this.counted });
    this.events.length = Math.min(this.events.length, 200);
    if (block && this.blocks[block - 1]) {
      this.blocks[block - 1].waitsSince ??= at;
    }
  }

  /** A row's name: number of the block, and of the replica where there are some. */
  name(row) {
    return this.replicas > 1 ? `${Math.floor(row / this.replicas) + 1} r${(row % this.replicas) + 1}` : String(row + 1);
  }

  /** Steps a second of a block in the last seconds. */
  rate(block) {
    const now = this.outcome ? this.newest : this.now();
    const recent = block.recent.filter(([time]) => now - time <= window);
    return recent.length < 2 || recent.at(-1)[0] <= recent[0][0] ? 0 : ((recent.at(-1)[1] - recent[0][1]) * 1000) / (recent.at(-1)[0] - recent[0][0]);
  }

  state(block) {
    if (this.target && block.clock >= this.target) {
      return "done";
    }

    if (this.outcome) {
      return this.outcome;
    }

    if (block.waitsSince !== null) {
      return "recovering";
    }

    return block.last && this.now() - block.last < 8_000 ? "training" : "waiting";
  }

  /** Mean and most of the lead of each block, as the run has counted it, or as it came with the steps. */
  leads() {
    return this.staleness
      ? this.staleness.map((block) => ({ name: `block ${block.block}`, mean: block.lead.mean ?? 0, max: block.lead.max ?? 0, lag: block.lag?.max ? block.lag : null }))
      : this.blocks.filter((block) => block.leads.length > 0).map((block, i) => ({
          name: `block ${i + 1}`, mean: block.leads.reduce((sum, lead) => sum + lead, 0) / block.leads.length, max: Math.max(...block.leads), lag: null,
        }));
  }
}

const numberIn = (text) => Number(/(\d+)/.exec(text ?? "")?.[1] ?? 0) || null;
