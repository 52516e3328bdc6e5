package casebus.bench;

import java.util.ArrayList;

/** An accepted event into a party's overview, by the rules of the bus. */
final class Fold {
    private final Codec codec;

    Fold(Codec codec) {
        this.codec = codec;
    }

    /** Changes {@code overview}; null when the event has no effect. */
    Change apply(Overview overview, AcceptedEvent event) {
        String key = event.agency + "/" + event.caseId;
        Fragment known = overview.cases.get(key);
        CaseOverview before = known == null ? null : codec.as(known, CaseOverview.class);
        Facts facts = event.isWithdrawal() ? null : codec.as(event.content, Facts.class);
        HistoryEntry entry = new HistoryEntry(event, facts);

        CaseOverview after = new CaseOverview(event.agency, event.caseId);
        if (before == null) {
            after.history = new ArrayList<>();
            after.history.add(entry);
        } else {
            after.history = History.with(before.history, entry);
            if (after.history == null) {
                return null;
            }
        }
        boolean isCurrent = after.history.get(after.history.size() - 1) == entry;
        after.events = before == null ? 1 : before.events + 1;
        if (isCurrent) {
            after.roles = event.roles;
            after.rollUp = RollUp.of(facts, codec);
            after.sequence = event.position();
            after.content = facts == null ? null : event.content;
        } else {
            after.roles = before.roles;
            after.rollUp = before.rollUp;
            after.sequence = before.sequence;
            after.content = before.content;
        }
        String kind = isCurrent ? kindOf(event, before, facts, after) : "history-amended";
        overview.cases.put(key, codec.fragment(after));
        overview.version++;
        if (TextTime.isLater(event.time, overview.updatedAt)) {
            overview.updatedAt = event.time;
        }
        return new Change(event, kind, overview, before, after);
    }

    private String kindOf(AcceptedEvent event, CaseOverview before, Facts facts, CaseOverview after) {
        Facts shown = before == null || before.content == null ? null : codec.as(before.content, Facts.class);
        return ChangeKind.of(event, shown, before == null ? null : before.rollUp, facts, after.rollUp, codec);
    }
}
