/** Who asks next where several arms have questions for one person. */

interface Seat {
  readonly place: number;
  /** The least round that it may still ask in; infinite once it has left. */
  next: number;
  waiting: (() => void) | undefined;
}

/** One arm's place in the queue. */
export interface Turn {
  /** Runs `ask` when it is this arm's turn: by round, then by place. */
  take<T>(round: number, ask: () => Promise<T>): Promise<T>;
  /** This arm asks no more; nobody waits for it. */
  leave(): void;
}

/**
 * Orders what arms ask by round and by the order in which they took their seats, however fast each of them trains: a tired person, real or
 * simulated, is then tired at the same pairs in every run. An arm waits only for those that may still ask something that comes before.
 */
export function turns(): { seat(): Turn } {
  const seats: Seat[] = [];
  let busy = false;
  const advance = (): void => {
    if (busy) return;
    const present = seats.filter(({ next }) => next < Number.POSITIVE_INFINITY);
    const [first] = [...present].sort((x, y) => x.next - y.next || x.place - y.place);
    if (first?.waiting === undefined) return;
    const go = first.waiting;
    first.waiting = undefined;
    busy = true;
    go();
  };
  return {
    seat: () => {
      const seat: Seat = { place: seats.length, next: 1, waiting: undefined };
      seats.push(seat);
      return {
        take: async (round, ask) => {
          seat.next = round;
          await new Promise<void>((resolve) => {
            seat.waiting = resolve;
            advance();
          });
          try {
            return await ask();
          } finally {
            seat.next = round + 1;
            busy = false;
            advance();
          }
        },
        leave: () => {
          seat.next = Number.POSITIVE_INFINITY;
          advance();
        },
      };
    },
  };
}
