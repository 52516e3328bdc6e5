package casebus.bench;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/** One effective change. */
@JsonPropertyOrder({
    "change_id", "kind", "party_ref", "agency", "case_id", "roles", "event_id", "event_kind", "sequence", "time", "epoch",
    "version", "traceparent", "reason", "before", "after"
})
final class Change {
    public final String changeId;
    public final String kind;
    public final String partyRef;
    public final String agency;
    public final String caseId;
    public final Fragment roles;
    public final String eventId;
    public final String eventKind;
    public final long sequence;
    public final String time;
    public final int epoch;
    public final long version;
    public final String traceparent;
    public final Fragment reason;
    public final State before;
    public final State after;

    Change(AcceptedEvent event, String kind, Overview overview, CaseOverview before, CaseOverview after) {
        this.changeId = event.key();
        this.kind = kind;
        this.partyRef = event.partyRef;
        this.agency = event.agency;
        this.caseId = event.caseId;
        this.roles = event.roles;
        this.eventId = event.eventId;
        this.eventKind = event.kind;
        this.sequence = event.sequence;
        this.time = event.time;
        this.epoch = overview.epoch;
        this.version = overview.version;
        this.traceparent = event.traceparent;
        this.reason = event.reason;
        this.before = before == null ? null : new State(before);
        this.after = new State(after);
    }

    /** A case at one side of the change. */
    @JsonPropertyOrder({"roll_up", "content"})
    static final class State {
        public final String rollUp;
        public final Fragment content;

        State(CaseOverview of) {
            rollUp = of.rollUp;
            content = of.content;
        }
    }
}
