package casebus.bench;

import java.util.Objects;

/** What a change means to the citizen: the first rule that applies. */
final class ChangeKind {
    private ChangeKind() {}

    /** Of an event that became the current one. {@code before} is null for a case that was not, or not any more, shown. */
    static String of(AcceptedEvent event, Facts before, String beforeRollUp, Facts after, String afterRollUp, Codec codec) {
        switch (event.kind) {
            case "retracted":
                return "retracted";
            case "party-removed":
                return "access-ended";
            case "corrected":
                return "corrected";
            default:
        }
        if (before == null) {
            return "case-added";
        }
        if (after.result != null && !after.result.equals(before.result)) {
            return "decision";
        }
        if (afterRollUp.equals("closed") && !"closed".equals(beforeRollUp)) {
            return "closed";
        }
        return byWhatIsExpected(before, after, codec);
    }

    private static String byWhatIsExpected(Facts before, Facts after, Codec codec) {
        if (!Objects.equals(after.action, before.action)) {
            Facts.Action needed = after.partyAction(codec);
            Facts.Action wasNeeded = before.partyAction(codec);
            if (needed != null && !needed.asksTheSameAs(wasNeeded)) {
                return "action-needed";
            }
            if (needed == null && wasNeeded != null) {
                return "action-resolved";
            }
            if (!Objects.equals(after.due(codec), before.due(codec))) {
                return "deadline-changed";
            }
        }
        return Objects.equals(after.expected, before.expected) ? "status-changed" : "deadline-changed";
    }
}
