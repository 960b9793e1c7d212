/**
 * Judgement: who is at fault, given who accuses whom. All members that have heard the same judge alike, in whatever order
 * they heard it.
 *
 * 1. Whoever accuses too many is believed in nothing (`words.ts` says how many).
 * 2. Whom more than half of the members accuse is at fault, and believed in nothing.
 * 3. Whoever else is accused is at fault, be it by one member alone; but of two that accuse each other it is the one that
 *    more members accuse, and if they are as many the younger.
 *
 * So one that lies has nobody dropped whom it does not accuse itself; is dropped, whatever it says, once two have seen it,
 * and those two stay.
 */

export interface Judgement<Member> {
  readonly atFault: ReadonlySet<Member>;
  /** Not believed in anything. */
  readonly unbelieved: ReadonlySet<Member>;
}

/**
 * @param members in rank order, the oldest first
 * @param words whom each accuses; accusers and accused that are no members count for nothing
 * @param accusesTooMany whether a member is past what is believed of one
 */
export function judge<Member>(
  members: readonly Member[],
  words: ReadonlyMap<Member, ReadonlySet<Member>>,
  accusesTooMany: (member: Member) => boolean,
): Judgement<Member> {
  const accuses = (by: Member, one: Member) => by !== one && words.get(by)?.has(one) === true;
  const within = members.filter((member) => words.has(member) && !accusesTooMany(member));
  const condemned = new Set(
    members.filter((one) => 2 * within.filter((by) => accuses(by, one)).length > members.length),
  );
  const believed = within.filter((by) => !condemned.has(by));
  const accusers = (one: Member) => believed.filter((by) => accuses(by, one));
  const prevails = (one: Member, over: Member) => {
    if (!believed.includes(one) || !accuses(one, over)) return false;
    const [own, others] = [accusers(one).length, accusers(over).length];
    return own < others || (own === others && members.indexOf(one) < members.indexOf(over));
  };
  return {
    atFault: new Set(
      members.filter((one) => condemned.has(one) || accusers(one).some((accuser) => !prevails(one, accuser))),
    ),
    unbelieved: new Set(members.filter((member) => condemned.has(member) || accusesTooMany(member))),
  };
}
