package casebus.bench;

import java.util.Map;

/** What the citizen sees of a status: the published table. */
final class RollUp {
    private static final Map<String, String> OF_PHASE = Map.of(
            "composition", "received",
            "handling", "in-progress",
            "decision", "decided",
            "appeal", "in-appeal",
            "execution", "in-execution",
            "completed", "closed");
    private static final Map<String, String> OF_DECISION_CODE = Map.of(
            "InWacht", "on-hold",
            "Beslist", "decided",
            "Goedgekeurd", "decided",
            "DeelsGoedgekeurd", "decided",
            "Geweigerd", "decided",
            "Stopgezet", "decided");

    private RollUp() {}

    /** Of a case's content; of a withdrawn case, whose facts are null. */
    static String of(Facts facts, Codec codec) {
        if (facts == null) {
            return "withdrawn";
        }
        Facts.Status status = facts.status;
        if (status.isFinal || status.phase.equals("completed")) {
            return "closed";
        }
        if (facts.partyAction(codec) != null) {
            return "action-needed";
        }
        if (facts.suspension != null) {
            return "on-hold";
        }
        boolean byCode = status.phase.equals("decision") || status.phase.equals("appeal");
        String ofCode = byCode ? OF_DECISION_CODE.get(status.code) : null;
        return ofCode != null ? ofCode : OF_PHASE.get(status.phase);
    }
}
