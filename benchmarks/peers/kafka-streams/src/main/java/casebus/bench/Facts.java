package casebus.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;

/** What the fold needs of a case's content. */
final class Facts {
    public Status status;
    public Fragment action;
    public Fragment result;
    public Fragment expected;
    public Fragment suspension;
    public String visibleFrom;

    private Action decodedAction;

    /** The action, if it is the party who must act; else null. */
    Action partyAction(Codec codec) {
        Action decoded = action(codec);
        return decoded != null && decoded.by.equals("party") ? decoded : null;
    }

    /** When the action is due, null when it has no term. */
    String due(Codec codec) {
        Action decoded = action(codec);
        return decoded == null ? null : decoded.dueAt;
    }

    private Action action(Codec codec) {
        if (action != null && decodedAction == null) {
            decodedAction = codec.as(action, Action.class);
        }
        return decodedAction;
    }

    static final class Status {
        public String phase;
        public String code;
        public String occurredAt;

        @JsonProperty("final")
        public boolean isFinal;
    }

    static final class Action {
        public Fragment what;
        public String by;
        public String url;
        public String dueAt;

        boolean asksTheSameAs(Action other) {
            return other != null
                    && Objects.equals(url, other.url)
                    && Objects.equals(dueAt, other.dueAt)
                    && what.equals(other.what);
        }
    }
}
